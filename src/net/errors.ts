import { TroupeError } from "../index.ts";

/** There is no connection just now, and nothing was sent; `cause` is why, where that is known. */
export class NotConnectedError extends TroupeError {
  static readonly code = "TROUPE_NOT_CONNECTED";
  readonly code = "TROUPE_NOT_CONNECTED";
  readonly actor: string;
  /** Where to, as `host:port` or a path. */
  readonly to: string;

  constructor(actor: string, to: string, detail: string, cause: Error | undefined) {
    const why = cause === undefined ? "" : `: ${tell(cause)}`;
    super(`${actor} is not connected to ${to}; ${detail}${why}`, { cause });
    this.actor = actor;
    this.to = to;
  }
}

/** What an error says; of a name with several addresses, all of which said no, Node's says nothing. */
export function tell(error: Error & { readonly code?: string }): string {
  if (error.message !== "") return error.message;
  const parts = error instanceof AggregateError ? (error.errors as readonly Error[]) : [];
  return parts.map(({ message }) => message).join("; ") || (error.code ?? error.name);
}
