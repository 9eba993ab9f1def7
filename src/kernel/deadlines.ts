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

/** So many calls are noted before anybody looks which of them have been settled since. */
const FEW = 256;

/**
 * The time limits of a system's calls.
 *
 * Most calls are answered in the scheduler's present slice, and a look at the clock for each would
 * be a fifth of their price. So a call is only noted at first; its time begins when the actors that
 * could answer at once have had their turns, 2 ms later at most. Nothing is early by that, and a
 * world whose clock stands still while actors run sees no difference.
 *
 * ```text
 *   call ──► noted ──► settled when somebody looks: nothing to take back
 *              │
 *              └─────► the slice ends: an entry in the timing wheel
 * ```
 */
export class Deadlines {
  readonly #wheel: Wheel;
  /** An array that stays, and not a list through the calls: writing into old objects is dear. */
  readonly #noted: (PendingCall | null)[] = [];
  #count = 0;
  /** How many may be noted before those that are settled are dropped. */
  #limit = FEW;

  constructor(wheel: Wheel) {
    this.#wheel = wheel;
  }

  note(call: PendingCall): void {
    if (this.#count === this.#limit) this.#dropSettled();
    this.#noted[this.#count++] = call;
  }

  /** In a slice of many calls, those that have been answered are not kept until its end. */
  #dropSettled(): void {
    const count = this.#count;
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const call = this.#noted[i]!;
      this.#noted[i] = null;
      if (!call.settled) this.#noted[this.#count++] = call;
    }
    this.#limit = Math.max(FEW, this.#count * 2);
  }

  /** Begins the time of all calls that are noted and still open. */
  readonly begin = (): void => {
    const count = this.#count;
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const call = this.#noted[i]!;
      this.#noted[i] = null;
      if (call.settled) continue;
      const deadline = new CallDeadline(call);
      call.extra.deadline = deadline;
      this.#wheel.set(deadline, call.timeoutMs);
    }
  };
}
