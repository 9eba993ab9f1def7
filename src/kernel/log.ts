import { writeLine } from "../world/host.ts";
import type { Events, SystemEvent } from "./events.ts";

/** How much a line matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where lines go. A pino logger, among others, is one. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An actor's own log: its name is in every line. */
export interface ActorLog {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

const nothing = (): void => {};
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

function line(level: LogLevel): (fields: object, message: string) => void {
  return (fields, message) => {
    const { actor, ...rest } = fields as { actor?: string };
    const details = Object.entries(rest).map(([key, value]) => ` ${key}=${show(value)}`);
    writeLine(`${level.padEnd(5)} ${actor ?? "troupe"}: ${message}${details.join("")}`);
  };
}

/** `Error: disk full (at write (store.ts:7:3)); caused by Error: …`: all of it, in one line. */
function showError(error: Error, depth = 0): string {
  const frame = /^\s*at (.+)$/m.exec(error.stack ?? "")?.[1];
  const where = frame === undefined ? "" : ` (at ${frame})`;
  const { cause } = error;
  // A chain of causes may be a circle.
  const why =
    cause instanceof Error && depth < 5 ? `; caused by ${showError(cause, depth + 1)}` : "";
  return `${String(error).replaceAll(/\s*\n\s*/g, " ")}${where}${why}`;
}

/** One field of a line. What refuses to be shown must not cost the line, or the log. */
function show(value: unknown): string {
  try {
    return showPlainly(value);
  } catch {
    return "something that cannot be shown";
  }
}

function showPlainly(value: unknown): string {
  if (value instanceof Error) return showError(value);
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** One readable line on stderr; `debug` is not written. */
export const lineLogger: Logger = {
  debug: nothing,
  info: line("info"),
  warn: line("warn"),
  error: line("error"),
};

/** The log of a system: what its actors write, and what went wrong with them. */
export class Log {
  readonly logger: Logger;

  /** Without `events`, failures are not written: somebody else does. */
  constructor(logger: Logger, events: Events | null) {
    this.logger = logger;
    if (events !== null && logger !== silentLogger) {
      events.subscribe(
        (event) => this.#report(event),
        [
          "failed",
          "gaveUp",
          "startFailed",
          "hookFailed",
          "overdue",
          "selfWait",
          "slowHandler",
          "threadEnded",
          "threadBlocked",
        ],
      );
    }
  }

  /** The log that an actor is handed. */
  of(actor: () => string): ActorLog {
    const at =
      (level: LogLevel) =>
      (message: string, fields?: object): void =>
        this.logger[level]({ actor: actor(), ...fields }, message);
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  #report(event: SystemEvent): void {
    switch (event.type) {
      case "failed": {
        const { actor, error, phase, verb, decision } = event;
        this.logger.error({ actor, error }, `failed in ${verb ?? phase}; ${decision}`);
        break;
      }
      case "gaveUp":
        this.logger.error({ actor: event.actor }, event.error.message);
        break;
      case "startFailed":
        this.logger.error({ actor: event.actor, error: event.error }, "did not start");
        break;
      case "hookFailed":
        this.logger.error({ actor: event.actor, error: event.error }, `its ${event.hook} threw`);
        break;
      case "overdue": {
        const { actor, shutdownMs } = event;
        this.logger.warn({ actor }, `did not end within ${shutdownMs} ms, and was killed`);
        break;
      }
      case "selfWait":
        this.logger.warn(
          { actor: event.actor },
          `${event.verb} is pending, and so is the tick of a timer that it set: a tick is a message, and waits until ${event.verb} is done; to wait inside of a handler, await ctx.sleep(ms)`,
        );
        break;
      case "threadEnded": {
        const { thread, error, actors, reason } = event;
        if (reason.kind !== "shutdown") {
          const why = error.cause === undefined ? {} : { error: error.cause };
          this.logger.error({ thread, actors, ...why }, error.message);
        }
        break;
      }
      case "threadBlocked": {
        const { thread, by, suspect, blockedMs, action } = event;
        const maybe = suspect === null ? "" : ` (perhaps by ${suspect}, behind an await)`;
        const who = by === null ? `by no actor's turn${maybe}` : `by ${by}`;
        this.logger.error(
          { thread },
          `has been blocked for ${Math.round(blockedMs)} ms ${who}; ${action}`,
        );
        break;
      }
      case "slowHandler": {
        const { actor, verb, tookMs } = event;
        this.logger.warn({ actor }, `${verb} held the event loop for ${Math.round(tookMs)} ms`);
        break;
      }
      default:
    }
  }
}
