import type { Reply, Request } from "../index.ts";

/** What jobs may be told apart by: routers send those of one key to one worker, where they do. */
export type JobKey = string | number;

/** A piece of work for a factory. */
export interface Job<B> {
  readonly body: B;
  readonly key?: JobKey;
  /**
   * Time in which a worker must have taken it, in ms, from when the factory got it; over that it is
   * discarded. It is never cut off once it has begun. Default: no limit.
   */
  readonly ttlMs?: number;
}

/** A job that waits, as queues and routers see it. */
export interface QueuedJob<B = unknown> {
  readonly body: B;
  readonly key: JobKey | undefined;
  /** On the world's monotonic clock, in ms; `Infinity` without a time to live. */
  readonly expiresAt: number;
  /** Times that a worker has begun it. */
  readonly attempts: number;
}

/** A job while the factory has it. In one queue at a time, and therefore its own link in it. */
export class Task implements QueuedJob {
  readonly body: unknown;
  readonly key: JobKey | undefined;
  readonly expiresAt: number;
  attempts = 0;
  /** Who waits for the result; null for a job that was dispatched. */
  readonly reply: Reply<unknown> | null;
  /** Who waits to hear that it was taken. */
  accepted: Reply<void> | null;
  /** The call that brought it, where `run` may want to know whether its caller has left. */
  request: Request | undefined = undefined;
  next: Task | null = null;
  /** What its last attempt failed with. */
  lastError: unknown = undefined;
  /** It is in the factory's line, and had begun before. */
  goesFirst = false;
  /** It waits in the factory's line. */
  isCommon = false;
  /** It is counted among those that bind its key to a worker. */
  bindsKey = false;

  constructor(
    { body, key }: Job<unknown>,
    expiresAt: number,
    reply: Reply<unknown> | null,
    accepted: Reply<void> | null,
  ) {
    this.body = body;
    this.key = key;
    this.expiresAt = expiresAt;
    this.reply = reply;
    this.accepted = accepted;
  }

  /** Whoever would have got the result waits no more. */
  get isAbandoned(): boolean {
    return this.reply !== null && !this.reply.isOpen;
  }
}
