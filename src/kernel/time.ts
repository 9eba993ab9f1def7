import { Alarm } from "./alarm.ts";
import { TimeoutError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import { checkTime } from "./options.ts";

/** A time limit around any promise, on the system's clock. */
export function deadline<T>(
  { wheel }: Kernel,
  promise: PromiseLike<T>,
  timeoutMs: number,
): Promise<T> {
  checkTime("deadline: timeout", timeoutMs);
  return new Promise((resolve, reject) => {
    const alarm = new Alarm(() => reject(new TimeoutError("deadline", timeoutMs)));
    wheel.set(alarm, timeoutMs);
    promise.then(
      (value) => {
        wheel.cancel(alarm);
        resolve(value);
      },
      (error: unknown) => {
        wheel.cancel(alarm);
        reject(error);
      },
    );
  });
}

/** Ticks for `for await`: what comes while nobody looks is skipped, and nothing drifts. */
export class Interval implements AsyncIterableIterator<number> {
  readonly #kernel: Kernel;
  readonly #periodMs: number;
  readonly #start: number;
  #count = 0;
  #over = false;
  #waiting: { alarm: Alarm; end: () => void } | null = null;

  constructor(kernel: Kernel, periodMs: number) {
    checkTime("interval: period", periodMs);
    this.#kernel = kernel;
    this.#periodMs = Math.max(1, periodMs);
    this.#start = kernel.world.now();
  }

  next(): Promise<IteratorResult<number>> {
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    const { world, wheel } = this.#kernel;
    const passed = Math.floor((world.now() - this.#start) / this.#periodMs) + 1;
    const due = this.#start + passed * this.#periodMs;
    return new Promise((resolve) => {
      const alarm = new Alarm(() => {
        this.#waiting = null;
        resolve({ done: false, value: this.#count++ });
      });
      this.#waiting = { alarm, end: () => resolve({ done: true, value: undefined }) };
      wheel.set(alarm, due - world.now());
    });
  }

  return(): Promise<IteratorResult<number>> {
    this.#over = true;
    if (this.#waiting !== null) {
      this.#kernel.wheel.cancel(this.#waiting.alarm);
      this.#waiting.end();
      this.#waiting = null;
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
