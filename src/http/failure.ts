import { STATUS_CODES, type OutgoingHttpHeaders } from "node:http";
import {
  ActorStoppedError,
  MailboxFullError,
  StartError,
  ThreadError,
  TimeoutError,
} from "../index.ts";

/** What a client is told when its request could not be answered. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  /** Default: the words that belong to the status. */
  readonly body?: string;
}

/** What to answer for an error: a status will do; undefined leaves it to the defaults. */
export type ErrorMapping = (error: unknown) => ErrorAnswer | number | undefined;

/** The request was refused by a limit of ours, before or beside its handler. */
class RefusedRequest extends Error {
  readonly answer: ErrorAnswer;

  constructor(message: string, answer: ErrorAnswer) {
    super(message);
    this.answer = answer;
  }
}

export function tooLong(request: string, bytes: number): RefusedRequest {
  const why = `its body has more than ${bytes} bytes`;
  return new RefusedRequest(`${request} refused: ${why}`, { status: 413 });
}

export function tooMany(request: string, most: number): RefusedRequest {
  const why = `${most} requests are under way, the most there may be`;
  return new RefusedRequest(`${request} refused: ${why}`, { status: 503, headers: RETRY });
}

/** One second: of what is overloaded or being restarted, nobody knows more. */
const RETRY: OutgoingHttpHeaders = { "retry-after": "1" };

/**
 * The default: what an error of an actor means to a client.
 *
 * | error                                        | status                  |
 * | -------------------------------------------- | ----------------------- |
 * | `TimeoutError`                               | 504                     |
 * | `MailboxFullError`                           | 503, with `Retry-After` |
 * | `ActorStoppedError` `StartError` `ThreadError` | 503, with `Retry-After` |
 * | any other                                    | 500                     |
 */
function statusOf(error: unknown): ErrorAnswer {
  if (error instanceof RefusedRequest) return error.answer;
  if (error instanceof TimeoutError) return { status: 504 };
  if (
    error instanceof MailboxFullError ||
    error instanceof ActorStoppedError ||
    error instanceof StartError ||
    error instanceof ThreadError
  ) {
    return { status: 503, headers: RETRY };
  }
  return { status: 500 };
}

/** What the mapping says, with what it left out; nothing of the error itself is in it. */
export function answerFor(
  error: unknown,
  mapping: ErrorMapping | undefined,
): Required<ErrorAnswer> {
  const mapped = mapping?.(error);
  const answer = typeof mapped === "number" ? { status: mapped } : (mapped ?? statusOf(error));
  const { status, headers = {}, body = `${STATUS_CODES[status] ?? status}\n` } = answer;
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body,
  };
}
