import type { TlsSession } from "./tls.ts";

/** One end of a connection: an IP address and a port, or the path of a Unix socket. */
export interface Endpoint {
  /** Empty for a Unix socket. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Of a Unix socket, at the end that has one: clients are nameless. */
  readonly path?: string;
}

/**
 * A stream of bytes to and from a peer: a source and a sink for one actor.
 *
 * ```ts
 * ctx.source(connection, (chunk) => {
 *   connection.write(answerTo(chunk));
 * });
 * ```
 *
 * As a source it yields the next chunk when the one before has been handled; while the actor is
 * busy, chunks wait up to a limit, and then reading pauses, which the peer feels. It ends when the
 * peer has ended its side, or is gone: a reset is an end, told by `error`, and no failure of the
 * actor's.
 */
export interface Connection extends AsyncIterable<Buffer> {
  /** Unique in this process. */
  readonly id: number;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** False once nothing can be written any more. */
  readonly isOpen: boolean;
  /** What broke the connection, if something did. */
  readonly error: Error | undefined;
  /** What was agreed upon with the peer; undefined where nothing is encrypted. */
  readonly tls?: TlsSession | undefined;
  /** Bytes written that wait for the peer. */
  readonly unsentBytes: number;
  /** Bytes that came and wait for the actor. */
  readonly unreadBytes: number;

  /**
   * Sends bytes, or text as UTF-8; with `latin1`, text of which each character is one byte, which
   * is copied only once.
   *
   * What is written while actors have their turns goes out as one piece. Answers false when so
   * much waits that `drained` should be awaited. What is written to a connection that is over is
   * dropped.
   */
  write(data: string | Uint8Array, encoding?: "utf8" | "latin1"): boolean;
  /** Resolves when what was written is on its way; also when the connection is over. */
  drained(): Promise<void>;
  /** Sends what was written, then ends this side: the peer may go on (half-close). */
  end(data?: string | Uint8Array, encoding?: "utf8" | "latin1"): void;
  /** Breaks it off at once; the peer sees a reset, or an end where it is a Unix socket. */
  destroy(): void;
}
