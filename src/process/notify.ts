import { execFile } from "node:child_process";
import { env } from "node:process";
import { BadInputError } from "../index.ts";

/** Carries messages to the service manager: one that fails rejects. */
export interface NotifyTransport {
  /** In reports and logs. */
  readonly name: string;
  /** Sends one datagram of `KEY=value` lines to a Unix socket; `@` begins an abstract address. */
  send(message: string, socket: string): Promise<void>;
}

/** The longest that a message is waited for. */
export const SEND_MS = 5_000;

/**
 * Sends by the program `systemd-notify`, which every machine with systemd has.
 *
 * Node has no Unix datagrams. Costs a process for each message: 5 to 10 ms, of which this process
 * is held for about one. Where the service is not run as root, the message is that of another
 * process: the unit needs `NotifyAccess=all`.
 */
export function notifyProgram(command = "systemd-notify"): NotifyTransport {
  return {
    name: command,
    send: (message, socket) =>
      new Promise((resolve, reject) => {
        const options = { env: { ...env, NOTIFY_SOCKET: socket }, timeout: SEND_MS };
        execFile(command, message.split("\n"), options, (error, _stdout, stderr) => {
          if (error === null) resolve();
          else reject(new Error(stderr.trim() === "" ? error.message : stderr.trim()));
        });
      }),
  };
}

/** The package `unix-dgram`, as far as it is used here. */
export interface UnixDatagrams {
  createSocket(type: "unix_dgram"): {
    on(event: "error", listener: (error: Error) => void): unknown;
    send(
      bytes: Buffer,
      offset: number,
      length: number,
      path: string,
      done: (error?: Error | null) => void,
    ): void;
    close(): void;
  };
}

/**
 * Sends by the native package `unix-dgram`, which you install and hand over.
 *
 * ```ts
 * import dgram from "unix-dgram";
 * const Manager = serviceManager({ transport: unixDatagrams(dgram) });
 * ```
 *
 * Costs a twentieth of a millisecond, and the message is this process's own. It has no abstract
 * addresses (`@…`).
 */
export function unixDatagrams(module: UnixDatagrams): NotifyTransport {
  return {
    name: "unix-dgram",
    send: async (message, socket) => {
      if (socket.startsWith("@")) {
        throw new BadInputError(
          `unix-dgram cannot send to ${socket}, an abstract address; use notifyProgram()`,
        );
      }
      const bytes = Buffer.from(message);
      // One for each: while a socket is open, the process would not end by itself.
      const datagrams = module.createSocket("unix_dgram");
      try {
        await new Promise<void>((resolve, reject) => {
          datagrams.on("error", reject);
          datagrams.send(bytes, 0, bytes.length, socket, (error) =>
            error === undefined || error === null ? resolve() : reject(error),
          );
        });
      } finally {
        datagrams.close();
      }
    },
  };
}

/** What a service manager is told, as systemd names it: `{ STATUS: "loading" }`. */
export type Notification = Readonly<Record<string, string | number>>;

/** One line for each; a value has none of its own, or it could say something else. */
export function toMessage(notification: Notification): string {
  return Object.entries(notification)
    .map(([key, value]) => {
      if (/^[A-Z][A-Z0-9_]*$/.test(key))
        return `${key}=${String(value).replaceAll(/[\r\n]+/g, " ")}`;
      throw new BadInputError(`notify: "${key}" is no key; one is like STATUS or X_MINE`);
    })
    .join("\n");
}

/**
 * Tells the service manager something, from anywhere; false where there is none.
 *
 * For what comes before there are actors: `await notify({ EXTEND_TIMEOUT_USEC: 60_000_000 })`.
 * Rejects where the message cannot be sent.
 */
export async function notify(
  notification: Notification,
  transport: NotifyTransport = notifyProgram(),
): Promise<boolean> {
  const message = toMessage(notification);
  const socket = env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return false;
  await transport.send(message, socket);
  return true;
}
