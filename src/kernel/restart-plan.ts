import { Alarm } from "./alarm.ts";
import { BUSY, MUST_BEGIN, type Cell } from "./cell.ts";

/**
 * Some children on their way down and up again: the failed one, and those it takes with it.
 *
 * ```text
 * down    in reverse start order, each with its shutdown time
 * pause   the back-off; none of them is up
 * up      in start order, each after the one before has started
 * ```
 *
 * A child is in one plan at a time. What befalls it on the way down (it fails, it is killed) is
 * part of its way down.
 */
export class RestartPlan {
  /** Those that are not up again, in start order. */
  readonly members: Set<Cell>;
  phase: "down" | "pause" | "up" = "down";
  /** Those that may be up, in start order; who is down stays down until all are. */
  readonly #up: Cell[];
  /** Who is on its way down: the one that failed, then each in turn. */
  #awaited: Cell;
  readonly #pauseMs: number;
  readonly #pause = new Alarm(() => this.bringUp());
  readonly #takeDown: (member: Cell) => void;

  constructor(failed: Cell, members: Set<Cell>, pauseMs: number, takeDown: (member: Cell) => void) {
    this.#awaited = failed;
    this.members = members;
    this.#up = [...members];
    this.#pauseMs = pauseMs;
    this.#takeDown = takeDown;
  }

  /** Takes down the youngest that is up; when all are down, pauses, then brings them up. */
  takeDownNext(): void {
    if (this.phase !== "down") return;
    // One that has failed or left in the meantime hastens nobody.
    if (this.members.has(this.#awaited) && !isHeld(this.#awaited)) return;
    for (let last = this.#up.at(-1); last !== undefined; last = this.#up.at(-1)) {
      if (this.members.has(last) && !isHeld(last)) {
        this.#awaited = last;
        return this.#takeDown(last);
      }
      this.#up.pop();
    }
    const [first] = this.members;
    if (first === undefined) return;
    if (this.#pauseMs === 0) return this.bringUp();
    this.phase = "pause";
    first.kernel.wheel.set(this.#pause, this.#pauseMs);
  }

  /** Brings up the first; the others follow, each when `leave` says that the one before is up. */
  bringUp(): void {
    this.phase = "up";
    const [first] = this.members;
    if (first === undefined) return;
    first.kernel.wheel.cancel(this.#pause);
    first.wakeFor(MUST_BEGIN);
  }

  /** A member is up, or gone. */
  leave(member: Cell): void {
    this.members.delete(member);
    if (this.members.size === 0) this.abandon(member);
    else if (this.phase === "up") this.bringUp();
    else this.takeDownNext();
  }

  /** Nobody is to be brought up any more. */
  abandon({ kernel }: Cell): void {
    this.members.clear();
    kernel.wheel.cancel(this.#pause);
  }
}

/** Has no incarnation and none on its way out: waits to be begun. */
function isHeld(cell: Cell): boolean {
  if (cell.status === "stopped") return true;
  const down = cell.status === "restarting" && cell.incarnation === null;
  return down && cell.rare?.ending == null && (cell.flags & (MUST_BEGIN | BUSY)) === BUSY;
}
