import { describeReason, show, type DownReason } from "./exit-reason.ts";

/** Survives a second copy of the package in one process, as bundlers and workers make. */
const BRAND: unique symbol = Symbol.for("troupe.error");

/** One for each decision that a caller can make; `docs/errors.md` tells what to do about each. */
export type ErrorCode =
  | "TROUPE_BAD_INPUT"
  | "TROUPE_START"
  | "TROUPE_ACTOR_FAILED"
  | "TROUPE_ACTOR_STOPPED"
  | "TROUPE_KILLED"
  | "TROUPE_TIMEOUT"
  | "TROUPE_MAILBOX_FULL"
  | "TROUPE_STASH_FULL"
  | "TROUPE_WRONG_STATE"
  | "TROUPE_DEADLOCK"
  | "TROUPE_RESTART_INTENSITY"
  | "TROUPE_THREAD"
  | "TROUPE_JOB_DISCARDED"
  | "TROUPE_PROGRAM"
  | "TROUPE_NOT_CONNECTED"
  | "TROUPE_SIMULATION"
  | "TROUPE_ESCAPED_AWAIT"
  | "TROUPE_NONDETERMINISM";

/** Of its code, for a minifier renames classes: `MailboxFullError` of `TROUPE_MAILBOX_FULL`. */
function nameOf(kind: { readonly name: string; readonly code?: ErrorCode }): string {
  // One that somebody derived has the code of ours, and a name of its own.
  if (!Object.hasOwn(kind, "code")) return kind.name;
  const words = kind.code!.split("_").slice(1);
  return `${words.map((word) => word[0] + word.slice(1).toLowerCase()).join("")}Error`;
}

/** The base of everything that troupe throws or rejects with. */
export abstract class TroupeError extends Error {
  abstract readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = nameOf(new.target);
  }

  readonly [BRAND]: true = true;

  /**
   * Compares codes, so that `instanceof` holds between copies of the package.
   *
   * `name`, which every class has, is asked for because TypeScript takes no class without a `code`
   * for something whose only member is an optional one: `error instanceof TroupeError`.
   */
  static override [Symbol.hasInstance](
    this: { readonly name: string; readonly code?: ErrorCode },
    value: unknown,
  ): boolean {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    return this.code === undefined || this.code === (value as { readonly code?: unknown }).code;
  }
}

/** Something was given that cannot work: the message says what, and what would. */
export class BadInputError extends TroupeError {
  static readonly code = "TROUPE_BAD_INPUT";
  readonly code = "TROUPE_BAD_INPUT";
}

/** Why an actor did not come to life. */
export type StartFailure =
  | "failed"
  | "timeout"
  | "killed"
  | "stopped"
  | "name-taken"
  | "parent-stopping"
  | "too-many-children";

/** The actor never came to life. `why` says how; `cause` is what `init` threw, if it did. */
export class StartError extends TroupeError {
  static readonly code = "TROUPE_START";
  readonly code = "TROUPE_START";
  readonly actor: string;
  readonly why: StartFailure;

  constructor(actor: string, why: StartFailure, detail: string, options?: ErrorOptions) {
    super(`${actor} did not start: ${detail}`, options);
    this.actor = actor;
    this.why = why;
  }
}

/** The receiver failed while it handled the call; `cause` is what it threw. */
export class ActorFailedError extends TroupeError {
  static readonly code = "TROUPE_ACTOR_FAILED";
  readonly code = "TROUPE_ACTOR_FAILED";
  readonly actor: string;

  constructor(actor: string, what: string, cause: unknown) {
    super(`${actor} failed in ${what}: ${show(cause)}`, { cause });
    this.actor = actor;
  }
}

/** The actor, or the incarnation that was asked, is gone; `reason` says why. */
export class ActorStoppedError extends TroupeError {
  static readonly code = "TROUPE_ACTOR_STOPPED";
  readonly code = "TROUPE_ACTOR_STOPPED";
  readonly actor: string;
  readonly reason: DownReason;

  constructor(actor: string, what: string, reason: DownReason) {
    const cause = reason.kind === "failed" ? { cause: reason.error } : undefined;
    super(`${what}: ${actor} has ended (${describeReason(reason)})`, cause);
    this.actor = actor;
    this.reason = reason;
  }
}

/** Thrown by the context of a killed actor: what its abandoned code still does changes nothing. */
export class KilledError extends TroupeError {
  static readonly code = "TROUPE_KILLED";
  readonly code = "TROUPE_KILLED";
  readonly actor: string;

  constructor(actor: string, what: string) {
    super(`${what}: ${actor} was killed; what its abandoned handler does is ignored`);
    this.actor = actor;
  }
}

/** The time was up. The receiver may still do the work; its late reply is dropped and counted. */
export class TimeoutError extends TroupeError {
  static readonly code = "TROUPE_TIMEOUT";
  readonly code = "TROUPE_TIMEOUT";
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number, detail = "") {
    super(`${what} timed out after ${timeoutMs} ms${detail}`);
    this.timeoutMs = timeoutMs;
  }
}

/** The receiver's mailbox was full. Carries the message, so that it can be sent again. */
export class MailboxFullError extends TroupeError {
  static readonly code = "TROUPE_MAILBOX_FULL";
  readonly code = "TROUPE_MAILBOX_FULL";
  readonly actor: string;
  readonly verb: string;
  readonly args: readonly unknown[];
  readonly capacity: number;

  constructor(
    actor: string,
    verb: string,
    args: readonly unknown[],
    capacity: number,
    what = "its mailbox",
  ) {
    super(`${verb} to ${actor} refused: ${what} holds ${capacity} messages, the most it may`);
    this.actor = actor;
    this.verb = verb;
    this.args = args;
    this.capacity = capacity;
  }
}

/** `ctx.stash()` had no room left. */
export class StashFullError extends TroupeError {
  static readonly code = "TROUPE_STASH_FULL";
  readonly code = "TROUPE_STASH_FULL";
}

/** The machine does not take this event in the state that it is in, and has refused it. */
export class WrongStateError extends TroupeError {
  static readonly code = "TROUPE_WRONG_STATE";
  readonly code = "TROUPE_WRONG_STATE";
  readonly actor: string;
  readonly event: string;
  readonly state: string;

  constructor(actor: string, event: string, state: string) {
    super(`${event} to ${actor} refused: it does not take that in state ${state}`);
    this.actor = actor;
    this.event = event;
    this.state = state;
  }
}

/** Waiting for the reply would never end; `circle` names who waits for whom. */
export class DeadlockError extends TroupeError {
  static readonly code = "TROUPE_DEADLOCK";
  readonly code = "TROUPE_DEADLOCK";
  readonly circle: readonly string[];

  constructor(what: string, circle: readonly string[]) {
    super(
      circle.length === 2
        ? `${what}: ${circle[0]} would wait for itself; call the function instead, or cast`
        : `${what} closes a circle of waiting actors: ${circle.join(" → ")}`,
    );
    this.circle = circle;
  }
}

/** More restarts than the supervisor bears; `cause` is the last child's error. */
export class RestartIntensityError extends TroupeError {
  static readonly code = "TROUPE_RESTART_INTENSITY";
  readonly code = "TROUPE_RESTART_INTENSITY";
  readonly child: string;

  constructor(supervisor: string, child: string, max: number, within: number, cause: unknown) {
    super(
      `${supervisor} gave up on ${child}: more than ${max} restart${max === 1 ? "" : "s"} within ${within} ms`,
      {
        cause,
      },
    );
    this.child = child;
  }
}

/** A thread has ended, and what ran on it; `cause` is what it threw, where it did. */
export class ThreadError extends TroupeError {
  static readonly code = "TROUPE_THREAD";
  readonly code = "TROUPE_THREAD";
  readonly thread: string;

  constructor(thread: string, what: string, options?: ErrorOptions) {
    super(`${thread} ${what}`, options);
    this.thread = thread;
  }
}

/**
 * Why a job was not done.
 *
 * - `ttl`: its time to live was over before a worker took it.
 * - `overload`: more jobs waited than may.
 * - `rateLimited`: the rate limit let no more in.
 * - `shutdown`: the factory is ending, or finishes what it has.
 * - `abandoned`: whoever submitted it waits no more.
 */
export type DiscardReason = "ttl" | "overload" | "rateLimited" | "shutdown" | "abandoned";

/** A factory did not do a job, and no worker has seen it: it can be submitted again. */
export class JobDiscardedError extends TroupeError {
  static readonly code = "TROUPE_JOB_DISCARDED";
  readonly code = "TROUPE_JOB_DISCARDED";
  readonly factory: string;
  readonly reason: DiscardReason;

  constructor(factory: string, reason: DiscardReason, detail: string) {
    super(`${factory} discarded a job: ${detail}`);
    this.factory = factory;
    this.reason = reason;
  }
}

/** What `refuse` makes: it carries the caller's error past the actor, which goes on. */
export class Refusal extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super("refused");
    this.name = "Refusal";
    this.error = error;
  }
}

/**
 * Makes what a call handler throws to reject its caller and leave the actor alone.
 *
 * For what callers can expect: `throw refuse(new InsufficientFunds())`. Anything else that is
 * thrown fails the actor.
 */
export function refuse(error: unknown): Refusal {
  return new Refusal(error);
}
