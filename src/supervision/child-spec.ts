import type { Backoff } from "./backoff.ts";

/**
 * When a child that ended comes back.
 *
 * - `permanent`: whenever it ends by itself, fails or is killed.
 * - `transient`: when it fails or is killed.
 * - `temporary`: never.
 *
 * `stop(ref)` and `drain(ref)` are orders: what they end stays ended.
 */
export type Restart = "permanent" | "transient" | "temporary";

/** How long a child may take to end when its parent stops it: ms, at once, or for ever. */
export type Shutdown = number | "kill" | "infinity";

/** Where a failure happened. */
export type FailurePhase =
  | "init"
  | "message"
  | "lifecycle"
  | "task"
  | "source"
  /** The function of a `loop`: it is over, so that there is nothing to resume. */
  | "loop"
  | "children"
  /** The thread that it ran on has ended. */
  | "thread";

/** What `onFailure` is told beside the error. */
export interface FailureInfo {
  /** The child's name, or its label where it has none. */
  readonly child: string;
  readonly phase: FailurePhase;
  /** True when the failure is that of a replacement that could not start. */
  readonly restarting: boolean;
  /** Restarts of this child so far. */
  readonly restarts: number;
  /** The state at the time of the failure; undefined when `init` failed. */
  readonly state: unknown;
}

/**
 * What becomes of a child that failed.
 *
 * - `restart`: a new state from `init`, with the same props or with `props`.
 * - `stop`: it ends for good, with the failure as its reason.
 * - `resume`: it keeps its state and takes the next message. Where nothing is left to go on with (a
 *   failed `init`, a kill, a loop that threw), it is stopped instead.
 * - `escalate`: it ends, and its parent fails with the same error.
 */
export type FailureDecision =
  | "restart"
  | "stop"
  | "resume"
  | "escalate"
  | { readonly restart: true; readonly props: unknown };

/** How a parent looks after one child. */
export interface ChildSpec {
  /** Default for `ctx.spawn` is `transient`, for `system.spawn` `temporary`. */
  readonly restart?: Restart;
  /** Default 5,000 ms; `infinity` for supervisors. */
  readonly shutdown?: Shutdown;
  /** Its end may end the supervisor, see `autoShutdown`. Not for permanent children. */
  readonly significant?: boolean;
  /** Default `none`. */
  readonly backoff?: Backoff;
  /** Restarts over the child's whole life; the next failure is final. Default: no limit. */
  readonly maxRestarts?: number;
  /** Decides by the error; what it does not say is `restart`. A throw in it is an escalation. */
  readonly onFailure?: (error: unknown, info: FailureInfo) => FailureDecision | undefined;
}

/** True when a child that ended by itself, or failed, comes back. */
export function comesBack(restart: Restart, failed: boolean): boolean {
  return restart === "permanent" || (restart === "transient" && failed);
}
