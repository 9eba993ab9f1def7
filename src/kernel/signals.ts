import { FOREIGN, type Cell } from "./cell.ts";
import { farDoorOf, identityOf } from "./door.ts";
import { NOPROC, type DownReason, type ExitReason } from "./exit-reason.ts";
import type { Belonging } from "./belonging.ts";
import type { Incarnation } from "./incarnation.ts";
import { pushLane } from "./lane.ts";
import { callHook } from "./behaviour.ts";
import { ActorStoppedError } from "./errors.ts";
import { besideActors } from "./running.ts";
import { requestStop } from "./stop.ts";
import type { AnyRef } from "./ref.ts";
import { Verb } from "./verb.ts";

/** What a monitor hears, exactly once: the actor is gone for good. */
export interface Down {
  readonly ref: AnyRef;
  readonly name: string;
  readonly reason: DownReason;
}

/** What an actor with `onExit` hears of one it was linked to. */
export interface LinkedExit {
  readonly ref: AnyRef;
  readonly name: string;
  readonly reason: DownReason;
}

/** Whoever is to be told when an actor is gone for good. */
export interface Watch {
  fire(reason: DownReason): void;
}

/** A one-way watch on an actor. */
export class Monitor implements Belonging, Watch {
  place: Belonging["place"] = null;
  readonly target: Cell;
  /** The incarnation that watches; null where the watcher is no actor. */
  readonly holder: Incarnation | null;
  readonly listener: ((down: Down) => unknown) | undefined;
  #over = false;

  constructor(
    target: Cell,
    holder: Incarnation | null,
    listener: ((down: Down) => unknown) | undefined,
  ) {
    this.target = target;
    this.holder = holder;
    this.listener = listener;
  }

  /** Ends the watch: no `down` is seen from now on, not even one that is queued already. */
  cancel(): void {
    this.#over = true;
    this.target.rare?.monitors?.delete(this);
    this.holder?.disown(this);
  }

  release(): void {
    this.#over = true;
    this.target.rare?.monitors?.delete(this);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  /** Tells the watcher: an actor in its lifecycle lane, anyone else soon. */
  fire(reason: DownReason): void {
    if (this.#over) return;
    const { target, holder } = this;
    const down: Down = { ref: target.ref, name: target.label, reason };
    if (holder !== null) {
      pushLane(holder.cell, ON_DOWN, [this, down], target);
      return;
    }
    target.kernel.world.defer(() => {
      if (this.take()) callListener(target, "monitor listener", () => this.listener?.(down));
    });
  }

  /** True for the one that may see the `down`. */
  take(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.holder?.disown(this);
    return true;
  }
}

/** Calls what nobody supervises: a throw is an event, and goes no further. */
function callListener(cell: Cell, hook: string, fn: () => unknown): void {
  const report = (error: unknown): void =>
    cell.kernel.events.emit({ type: "hookFailed", actor: cell.label, hook, error });
  try {
    const result = besideActors(cell.kernel, fn);
    if (result instanceof Promise) result.catch(report);
  } catch (error) {
    report(error);
  }
}

const ON_DOWN = new Verb(
  "down",
  "cast",
  (ctx: Incarnation, monitor: Monitor, down: Down) => {
    if (!monitor.take()) return undefined;
    if (monitor.listener !== undefined) return monitor.listener(down);
    const { onDown } = ctx.cell.behaviour;
    return onDown === undefined ? undefined : callHook(onDown, ctx, down);
  },
  "lifecycle",
);

const ON_EXIT = new Verb(
  "exit",
  "cast",
  (ctx: Incarnation, exit: LinkedExit) => callHook(ctx.cell.behaviour.onExit!, ctx, exit),
  "lifecycle",
);

/** Starts a watch; on a dead actor it fires `noproc` at once. */
export function monitorCell(
  target: Cell,
  holder: Incarnation | null,
  listener: ((down: Down) => unknown) | undefined,
): Monitor {
  const monitor = new Monitor(target, holder, listener);
  holder?.own(monitor);
  if (target.status === "stopped") monitor.fire(NOPROC);
  else (target.extra.monitors ??= new Set()).add(monitor);
  return monitor;
}

/** Tells every monitor, once. */
export function fireMonitors(cell: Cell, reason: ExitReason): void {
  const monitors = cell.rare?.monitors;
  if (monitors == null) return;
  cell.rare!.monitors = null;
  for (const monitor of monitors) monitor.fire(reason);
}

/** Joins the fates of two incarnations; linking to a dead actor is hearing of its end. */
export function linkCells(one: Cell, another: Cell): void {
  const a = identityOf(one);
  const b = identityOf(another);
  if (a === b) return;
  if (((a.flags | b.flags) & FOREIGN) === 0 || noteAtHome(a, b, "link")) linkHere(a, b);
}

/** The half of it that is this node's business. */
export function linkHere(a: Cell, b: Cell): void {
  if (b.status === "stopped") return exitSignal(a, b, NOPROC);
  if (a.status === "stopped") return exitSignal(b, a, NOPROC);
  (a.extra.links ??= new Set()).add(b);
  (b.extra.links ??= new Set()).add(a);
}

/** Notes a link where those that are foreign have their home; false when neither has it here. */
function noteAtHome(a: Cell, b: Cell, act: "link" | "unlink"): boolean {
  for (const [cell, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if ((cell.flags & FOREIGN) !== 0 && cell.status !== "stopped") farDoorOf(cell)[act](other);
  }
  return (a.flags & b.flags & FOREIGN) === 0;
}

export function unlinkCells(one: Cell, another: Cell): void {
  const a = identityOf(one);
  const b = identityOf(another);
  if (((a.flags | b.flags) & FOREIGN) === 0 || noteAtHome(a, b, "unlink")) unlinkHere(a, b);
}

export function unlinkHere(a: Cell, b: Cell): void {
  a.rare?.links?.delete(b);
  b.rare?.links?.delete(a);
}

/** Dissolves all links of an incarnation that has ended, and tells the other sides. */
export function fireLinks(cell: Cell, reason: ExitReason): void {
  const links = cell.rare?.links;
  if (links == null || links.size === 0) return;
  cell.rare!.links = null;
  for (const other of links) {
    other.rare?.links?.delete(cell);
    exitSignal(other, cell, reason);
  }
}

/** Word has come from another node that the incarnation of `from` that was linked to `to` has ended. */
export function hearExit(to: Cell, from: Cell, reason: DownReason): void {
  if (to.rare?.links?.delete(from) !== true) return;
  from.rare?.links?.delete(to);
  exitSignal(to, from, reason);
}

/** Tells an actor with an `onExit` hook. */
export function tellExit(to: Cell, from: Cell, reason: DownReason): void {
  pushLane(to, ON_EXIT, [{ ref: from.ref, name: from.label, reason }], from);
}

/** OTP's rule: a normal end takes nobody down; an `onExit` hook makes an event of any end. */
function exitSignal(to: Cell, from: Cell, reason: DownReason): void {
  if ((to.flags & FOREIGN) !== 0) {
    if (to.status !== "stopped") farDoorOf(to).exited(from, reason);
    return;
  }
  if (to.behaviour.onExit !== undefined) {
    tellExit(to, from, reason);
  } else if (reason.kind === "noproc" || reason.kind === "noconnection") {
    const error = new ActorStoppedError(from.label, `link from ${to.label}`, reason);
    requestStop(to, { kind: "failed", error }, false);
  } else if (reason.kind !== "normal") {
    requestStop(to, reason, false);
  }
}
