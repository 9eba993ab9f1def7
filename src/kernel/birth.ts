import { callHook, type Hook } from "./behaviour.ts";
import { BUSY, CLOSED, type Cell } from "./cell.ts";
import { bury, endIncarnation } from "./death.ts";
import { TimeoutError, type StartFailure } from "./errors.ts";
import { KILLED, show, type ExitReason } from "./exit-reason.ts";
import type { Belonging } from "./belonging.ts";
import { Incarnation } from "./incarnation.ts";
import { inScope, noteWait } from "./scope.ts";
import { neverStarts, takeOwed } from "./unborn.ts";
import { pendingOf } from "./verb.ts";
import { WheelEntry } from "./wheel.ts";

/**
 * How an incarnation begins and ends.
 *
 * ```text
 *            begin ──► init ──► started
 *              ▲         │ fails       failed / stopped / killed
 *              │         ▼                  │
 *              │    keeper decides ◄────────┤ (a stop by order is not asked about)
 *              │         │                  ▼
 *              │         └──────────► endIncarnation
 *              │                            │ for good: door closed, name and groups freed
 *              │                            ▼
 *              │                       children stopped, in reverse
 *              │                            ▼
 *              │                       exit hook (not after a kill)
 *              │                            ▼
 *              └── to come back ── finish: replies owed are rejected, links told
 *                                           │ for good
 *                                           ▼
 *                                      bury: queue discarded, parent, monitors, waiters told
 * ```
 */

/** Makes a new incarnation and runs its `init`; called in a turn of the cell. */
export function begin(cell: Cell): void {
  if (cell.rare !== null && cell.rare.waitsForName) {
    cell.rare.mayBegin = true;
    return;
  }
  const incarnation = new Incarnation(cell);
  cell.incarnation = incarnation;
  cell.flags |= BUSY;
  // What the last one left may be large, and is of no use to anybody from here on.
  if (cell.rare !== null) cell.rare.lastState = undefined;
  for (const call of takeOwed(cell)) incarnation.owe(call);
  const { init } = cell.behaviour;
  if (init === undefined) return started(cell);
  let state: unknown;
  try {
    state = cell.behaviour.initWaits
      ? initInScope(incarnation, init)
      : callHook(init, incarnation, cell.props);
  } catch (error) {
    if (!incarnation.over) initFailed(cell, error, "failed");
    return;
  }
  if (incarnation.over) return;
  const pending = pendingOf(state);
  if (pending !== null) return awaitInit(cell, incarnation, pending);
  incarnation.adopt(state);
  started(cell);
}

function initInScope(incarnation: Incarnation, init: Hook): unknown {
  return inScope(incarnation, true, () => callHook(init, incarnation, incarnation.cell.props));
}

/** Ends an `init` that takes too long. */
class InitLimit extends WheelEntry implements Belonging {
  place: Belonging["place"] = null;
  readonly #cell: Cell;
  readonly #incarnation: Incarnation;

  constructor(cell: Cell, incarnation: Incarnation) {
    super();
    this.#cell = cell;
    this.#incarnation = incarnation;
  }

  start(): void {
    const { kernel, options } = this.#cell;
    if (options.initTimeout === Infinity) return;
    this.#incarnation.own(this);
    kernel.wheel.set(this, options.initTimeout);
  }

  /** `init` is done, or nobody waits for it any more. */
  release(): void {
    this.#cell.kernel.wheel.cancel(this);
    this.#incarnation.disown(this);
  }

  override expire(): void {
    const { label, options } = this.#cell;
    const error = new TimeoutError(`init of ${label}`, options.initTimeout);
    cutOffInit(this.#cell, error, "timeout");
  }
}

/** Fails an `init` that is pending, whatever it waits for: that may never come. */
export function cutOffInit(cell: Cell, error: unknown, why: StartFailure): void {
  cell.incarnation?.fence(KILLED);
  initFailed(cell, error, why);
}

/** Three futures: a state, an error, too slow. Whoever stops or kills the actor fences it off. */
function awaitInit(cell: Cell, incarnation: Incarnation, pending: PromiseLike<unknown>): void {
  noteWait(cell, cell.behaviour.init!);
  const limit = new InitLimit(cell, incarnation);
  limit.start();
  pending.then(
    (state) => {
      limit.release();
      if (incarnation.over) return;
      incarnation.adopt(state);
      started(cell);
    },
    (error: unknown) => {
      limit.release();
      if (!incarnation.over) initFailed(cell, error, "failed");
    },
  );
}

function started(cell: Cell): void {
  const again = cell.status === "restarting";
  cell.status = "running";
  cell.flags &= ~BUSY;
  const { rare, kernel } = cell;
  if (rare !== null) {
    rare.startedAt = kernel.world.now();
    const waiters = rare.startWaiters;
    rare.startWaiters = null;
    waiters?.tell(null);
  }
  if (kernel.events.wants("started")) {
    kernel.events.emit({ type: "started", actor: cell.label, restarts: rare?.restarts ?? 0 });
  }
  cell.keeper?.started(cell, again);
  cell.resume();
}

/** A first `init` that fails is the spawner's error; a replacement's is its keeper's decision. */
function initFailed(cell: Cell, error: unknown, why: StartFailure): void {
  const reason: ExitReason = { kind: "failed", error };
  if (cell.status !== "starting") {
    cell.keeper?.failed(cell, { error, phase: "init", reason, killed: false });
    return;
  }
  cell.kernel.stats.failures++;
  neverStarts(cell, why, show(error), error);
  endIncarnation(cell, reason, { final: true });
}

/** A cell that is dead on arrival: its name is taken, its parent is ending, there is no room. */
export function stillborn(cell: Cell, why: StartFailure, detail: string): void {
  neverStarts(cell, why, detail);
  cell.flags |= CLOSED | BUSY;
  bury(cell, { kind: "failed", error: cell.extra.startError }, false);
}
