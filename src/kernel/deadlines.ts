import type { PendingCall } from "./pending-call.ts";
import { WheelEntry, type Wheel } from "./wheel.ts";

/** The end of the time that a caller waits. */
export class CallDeadline extends WheelEntry {
  readonly #call: PendingCall;

  constructor(call: PendingCall) {
    super();
    this.#call = call;
  }

  override expire(): void {
    this.#call.timeIsUp();
  }
}

/**
 * The time limits of a system's calls.
 *
 * Most calls are answered in the scheduler's present slice, and a look at the clock for each would
 * be a fifth of their price. So a call is only noted at first; its time begins when the actors that
 * could answer at once have had their turns, 2 ms later at most. Nothing is early by that, and a
 * world whose clock stands still while actors run sees no difference.
 *
 * ```text
 *   call ──► noted ──► answered in this slice: nothing to take back
 *              │
 *              └─────► the slice ends: an entry in the timing wheel
 * ```
 */
export class Deadlines {
  readonly #wheel: Wheel;
  #oldest: PendingCall | null = null;
  #newest: PendingCall | null = null;

  constructor(wheel: Wheel) {
    this.#wheel = wheel;
  }

  note(call: PendingCall): void {
    const last = this.#newest;
    call.noted = true;
    call.older = last;
    if (last === null) this.#oldest = call;
    else last.newer = call;
    this.#newest = call;
  }

  /** Forgets a call that is noted and has been settled. */
  forget(call: PendingCall): void {
    const { older, newer } = call;
    call.noted = false;
    call.older = call.newer = null;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
  }

  /** Begins the time of all calls that are noted. */
  readonly begin = (): void => {
    for (let call = this.#oldest; call !== null; call = this.#oldest) {
      this.forget(call);
      const deadline = new CallDeadline(call);
      call.extra.deadline = deadline;
      this.#wheel.set(deadline, call.timeoutMs);
    }
  };
}
