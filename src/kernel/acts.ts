import { Alarm } from "./alarm.ts";
import type { Cell, Status } from "./cell.ts";
import { AWAY, CLOSED, DRAINING, FOREIGN } from "./cell.ts";
import { doorOf, farDoorOf, type Errand } from "./door.ts";
import { NOPROC, toReason, type ExitReason, type ReasonInput } from "./exit-reason.ts";
import { ActorStoppedError, TimeoutError } from "./errors.ts";
import { linkCells, monitorCell, unlinkCells, type Down, type Monitor } from "./signals.ts";
import { kill as killCell } from "./death.ts";
import { checkLimit, checkReason } from "./options.ts";
import { cellOf, type AnyRef } from "./ref.ts";
import { requestStop } from "./stop.ts";
import { Waiters } from "./waiters.ts";

/**
 * What is done to any actor, as functions: a ref's methods are its protocol's alone, and a bundler
 * drops what is not used.
 */

/** How long to wait for something to be done. */
export interface WaitOptions {
  /** In ms; then the promise rejects with `TimeoutError`, and what was asked for still holds. */
  readonly timeout?: number;
}

/** Adds one that waits; returns how to forget it. */
function wait<T>(waiters: Waiters<T>, waiter: (value: T) => void): () => void {
  waiters.add(waiter);
  return () => waiters.forget(waiter);
}

/** Has somebody told, once; may return how to be forgotten before that. */
type Subscribe<T> = (
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
) => (() => void) | void;

/**
 * Makes a promise of something that a cell will call back for, with an optional time limit.
 *
 * A rejection that nobody awaits does not end the process: what it tells of is reported as an
 * event where it happened.
 */
function promiseOf<T>(
  cell: Cell,
  what: string,
  options: WaitOptions | undefined,
  subscribe: Subscribe<T>,
): Promise<T> {
  const timeout = options?.timeout ?? Infinity;
  checkLimit(`${what}: timeout`, timeout);
  let resolve: (value: T) => void = ignore;
  let reject: (error: unknown) => void = ignore;
  const promise = new Promise<T>((toResolve, toReject) => {
    resolve = toResolve;
    reject = (error) => {
      promise.catch(ignore);
      toReject(error);
    };
  });
  if (timeout === Infinity) subscribe(resolve, reject);
  else limited(cell, what, timeout, subscribe, resolve, reject);
  return promise;
}

function ignore(): void {}

function limited<T>(
  cell: Cell,
  what: string,
  timeout: number,
  subscribe: Subscribe<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): void {
  const { wheel } = cell.kernel;
  const limit = new Alarm(() => {
    forget?.();
    reject(new TimeoutError(`${what} ${cell.label}`, timeout));
  });
  wheel.set(limit, timeout);
  const forget = subscribe(
    (value) => {
      wheel.cancel(limit);
      resolve(value);
    },
    (error) => {
      wheel.cancel(limit);
      reject(error);
    },
  );
}

/** True for what lives, and has its home in another node. */
function isForeign({ status: at, flags }: Cell): boolean {
  return (flags & FOREIGN) !== 0 && at !== "stopped";
}

/** Has something done at the home of an actor. */
function run(cell: Cell, errand: Errand, options: WaitOptions | undefined): Promise<void> {
  return promiseOf(cell, errand, options, (resolve, reject) => {
    farDoorOf(cell).run(errand).then(resolve, reject);
  });
}

/** Resolves when `init` is done; rejects with `StartError` when it failed or never came to be. */
export function started(ref: AnyRef, options?: WaitOptions): Promise<void> {
  const cell = cellOf(ref);
  if (isForeign(cell)) return run(cell, "started", options);
  return promiseOf(cell, "started", options, (resolve, reject) => {
    if (cell.rare?.startError != null) reject(cell.rare.startError);
    else if (cell.status !== "starting") resolve();
    else {
      return wait((cell.extra.startWaiters ??= new Waiters()), (error) =>
        error === null ? resolve() : reject(error),
      );
    }
    return undefined;
  });
}

/** Resolves with the reason when the actor has ended for good; any number may wait, also after. */
export function exited(ref: AnyRef, options?: WaitOptions): Promise<ExitReason> {
  return exitedCell(cellOf(ref), "exited", options);
}

export function exitedCell(
  cell: Cell,
  what = "exited",
  options?: WaitOptions,
): Promise<ExitReason> {
  return promiseOf(cell, what, options, (resolve) => {
    if (cell.reason === null) return wait((cell.extra.exitWaiters ??= new Waiters()), resolve);
    resolve(cell.reason);
    return undefined;
  });
}

/**
 * Ends an actor for good, after the running handler; what waits in its mailbox is discarded.
 *
 * Its children end first, then its `exit` hook runs. The first reason wins. Resolves when it has
 * ended. Works in every state: an `init` that hangs is abandoned, a restart that waits is called off.
 */
export function stop(
  ref: AnyRef,
  reason?: ReasonInput,
  options?: WaitOptions,
): Promise<ExitReason> {
  return stopCell(cellOf(ref), reason, options);
}

export function stopCell(
  cell: Cell,
  reason?: ReasonInput,
  options?: WaitOptions,
): Promise<ExitReason> {
  checkReason("stop: reason", reason);
  checkLimit("stop: timeout", options?.timeout);
  if (isForeign(cell)) farDoorOf(cell).stop(toReason(reason));
  else requestStop(cell, toReason(reason), true);
  return exitedCell(cell, "stop", options);
}

/** Closes admission, lets the actor handle all that it has admitted, then ends it for good. */
export function drain(ref: AnyRef, options?: WaitOptions): Promise<ExitReason> {
  return drainCell(cellOf(ref), options);
}

export function drainCell(cell: Cell, options?: WaitOptions): Promise<ExitReason> {
  checkLimit("drain: timeout", options?.timeout);
  if (isForeign(cell)) {
    doorOf(cell).drain();
  } else if (cell.status !== "stopped") {
    cell.flags |= CLOSED | DRAINING;
    if ((cell.flags & AWAY) === 0) cell.wakeFor(0);
    else doorOf(cell).drain();
  }
  return exitedCell(cell, "drain", options);
}

/**
 * Ends an actor at once, in the middle of whatever it does; its `exit` hook does not run.
 *
 * What its abandoned handler still does changes nothing. Its keeper sees a failure: a permanent or
 * transient child comes back. Resolves when the incarnation is gone. Synchronous code cannot be
 * interrupted.
 */
export function kill(ref: AnyRef, options?: WaitOptions): Promise<void> {
  const cell = cellOf(ref);
  checkLimit("kill: timeout", options?.timeout);
  if (isForeign(cell)) return run(cell, "kill", options);
  killCell(cell, false);
  return promiseOf(cell, "kill", options, (resolve) => {
    if (cell.status !== "stopped" && cell.rare?.ending != null) {
      return wait((cell.extra.downWaiters ??= new Waiters()), resolve);
    }
    resolve();
    return undefined;
  });
}

/**
 * Ends the present incarnation and begins a new one, by hand: not counted as a failure.
 *
 * Resolves when the new one has started. The mailbox is kept.
 */
export function restart(ref: AnyRef, options?: WaitOptions): Promise<void> {
  const cell = cellOf(ref);
  if (isForeign(cell)) return run(cell, "restart", options);
  return promiseOf(cell, "restart", options, (resolve, reject) => {
    if (cell.status === "starting") return void started(ref).then(resolve, reject);
    if (cell.status === "stopped") return reject(goneError(cell, "restart"));
    const ended = (): void => reject(goneError(cell, "restart"));
    const forgetEnd = wait((cell.extra.exitWaiters ??= new Waiters()), ended);
    requestStop(cell, { kind: "shutdown", detail: "restart" }, false, () => {
      (cell.extra.startWaiters ??= new Waiters()).add((error) => {
        forgetEnd();
        if (error === null) resolve();
        else reject(error);
      });
      cell.keeper?.beginByHand(cell);
    });
  });
}

function goneError({ label, reason }: Cell, what: string): ActorStoppedError {
  return new ActorStoppedError(label, what, reason ?? NOPROC);
}

/** Where the actor is in its life. `draining` while it handles what it admitted before `drain`. */
export function status(ref: AnyRef): Status | "draining" {
  const cell = cellOf(ref);
  return cell.status === "running" && (cell.flags & DRAINING) !== 0 ? "draining" : cell.status;
}

/** True until the actor has begun to end for good; also while it restarts. */
export function isAlive(ref: AnyRef): boolean {
  const { status: at } = cellOf(ref);
  return at !== "stopping" && at !== "stopped";
}

/** Watches an actor from outside of actors: `listener` is called once, with the `down`. */
export function monitor(ref: AnyRef, listener: (down: Down) => unknown): Monitor {
  return monitorCell(cellOf(ref), null, listener);
}

/** Joins the fates of two actors: a failure, kill or shutdown of one ends both. */
export function link(a: AnyRef, b: AnyRef): void {
  linkCells(cellOf(a), cellOf(b));
}

/** Takes a link back; nothing happens where there is none. */
export function unlink(a: AnyRef, b: AnyRef): void {
  unlinkCells(cellOf(a), cellOf(b));
}

/** True when both lead to the same actor, also through views and narrowed refs. */
export function sameActor(a: AnyRef, b: AnyRef): boolean {
  return cellOf(a) === cellOf(b);
}

/** Messages that wait in the mailbox. */
export function mailboxSize(ref: AnyRef): number {
  return cellOf(ref).mailbox.size;
}

/** The registered name, or a label like `counter#17`. */
export function nameOf(ref: AnyRef): string {
  return cellOf(ref).label;
}
