import { TroupeError } from "../index.ts";

/** There is no connection just now, and nothing was sent; `cause` is why, where that is known. */
export class NotConnectedError extends TroupeError {
  static readonly code = "TROUPE_NOT_CONNECTED";
  readonly code = "TROUPE_NOT_CONNECTED";
  readonly actor: string;
  /** Where to, as `host:port` or a path. */
  readonly to: string;

  constructor(actor: string, to: string, detail: string, cause: Error | undefined) {
    const why = cause === undefined ? "" : `: ${cause.message}`;
    super(`${actor} is not connected to ${to}; ${detail}${why}`, { cause });
    this.actor = actor;
    this.to = to;
  }
}
