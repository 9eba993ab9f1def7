import { KilledError, type InitContext } from "../index.ts";
import type { Connection } from "./connection.ts";
import { checkDial, dial, type DialOptions } from "./dial.ts";
import { resolveLimits, type ConnectionLimits } from "./limits.ts";
import { SocketConnection } from "./socket-connection.ts";
import { whenOver } from "./when-over.ts";

/** Where to, and within which limits. */
export type ConnectOptions = DialOptions & {
  readonly limits?: ConnectionLimits;
  /** This side stays open when the peer has ended its own. Default false. */
  readonly halfOpen?: boolean;
};

/**
 * Opens a connection that belongs to an actor: it ends with the actor's incarnation.
 *
 * Rejects with the host's error, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`, with `TimeoutError`
 * after `connectMs`, or when the incarnation ends. After a kill the peer sees a reset; otherwise
 * what was written is sent first.
 */
export async function connect(
  ctx: Pick<InitContext, "signal">,
  options: ConnectOptions,
): Promise<Connection> {
  checkDial("connect", options);
  const { halfOpen = false } = options;
  const limits = resolveLimits("connect: limits", options.limits);
  const { signal } = ctx;
  const opened = await dial(options, limits, signal);
  let forget: (() => void) | undefined;
  const connection = new SocketConnection(opened, limits, {
    onReadToEnd: (ended) => {
      if (!halfOpen) ended.finish();
    },
    onClose: () => forget?.(),
    onCutOff: () => {},
  });
  forget = whenOver(signal, () => {
    if (signal.reason instanceof KilledError) connection.destroy();
    else connection.finish();
  });
  signal.throwIfAborted();
  return connection;
}
