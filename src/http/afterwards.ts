import { RequestLife, type RequestScope } from "./request-scope.ts";

/** Node's, for who reads from or writes to what is closed. */
const CLOSED = /^(ABORT_ERR|ECONNRESET|EPIPE|ERR_HTTP_HEADERS_SENT|ERR_STREAM_.*)$/;

/**
 * True for what a handler throws because its request is over, and not by a fault of its own.
 *
 * That is the reason itself, as calls reject with it, what has it for a cause, and what Node says of
 * a request or a response that is closed. A client that leaves can cause as much of it as it likes.
 */
export function followsFromEnd(scope: RequestScope | undefined, error: unknown): boolean {
  if (!(scope instanceof RequestLife) || !scope.isOver) return false;
  const { reason } = scope;
  for (let one = error, depth = 0; depth < 10; depth++) {
    if (one === reason) return true;
    if (!(one instanceof Error)) return false;
    const { name, code } = one as NodeJS.ErrnoException;
    if (name === "AbortError" || CLOSED.test(String(code))) return true;
    one = one.cause;
  }
  return false;
}
