/** How many restarts a supervisor bears before it gives up. */
export interface Intensity {
  /** Restarts allowed within the window; one more and the supervisor gives up. Default 3. */
  readonly max: number;
  /** Length of the sliding window in ms. Default 5,000. */
  readonly within: number;
}

export const DEFAULT_INTENSITY: Intensity = { max: 3, within: 5_000 };

/**
 * Counts restarts in a sliding window.
 *
 * OTP's rule (`supervisor:add_restart/1`) with one difference: OTP counts whole seconds, so a
 * window of 1 s may last nearly two; here it is exact to the millisecond.
 */
export class RestartBudget {
  readonly #intensity: Intensity;
  #times: number[] = [];
  /** The first that is in the window: not all are moved at each restart. */
  #first = 0;

  constructor(intensity: Intensity) {
    this.#intensity = intensity;
  }

  /** Counts a restart at `now`; false when it is one more than is borne. */
  spend(now: number): boolean {
    const { max, within } = this.#intensity;
    this.#times.push(now);
    while (now - this.#times[this.#first]! > within) this.#first++;
    if (this.#first * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#first);
      this.#first = 0;
    }
    return this.#times.length - this.#first <= max;
  }

  get intensity(): Intensity {
    return this.#intensity;
  }
}
