import type { InitContext, Timer } from "../index.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { checkSize, type CapacityController, type LiveSettings, type Stuck } from "./settings.ts";

/** Stuck workers are looked for this often in the time that a job may take. */
const LOOKS = 4;

/** In place of a size: it has been logged why there is none. */
const FAILED: unique symbol = Symbol("failed");

/** What a factory does by the clock: asks how many workers there should be, and looks for stuck ones. */
export class Clockwork {
  readonly #ctx: InitContext;
  readonly #dispatcher: Dispatcher;
  #capacity: Timer | null = null;
  #stuck: Timer | null = null;

  constructor(ctx: InitContext, dispatcher: Dispatcher) {
    this.#ctx = ctx;
    this.#dispatcher = dispatcher;
  }

  set({ capacity, stuck }: LiveSettings): void {
    if (capacity !== undefined) {
      this.#capacity?.cancel();
      this.#capacity = capacity === null ? null : this.#every(capacity);
    }
    if (stuck !== undefined) {
      this.#stuck?.cancel();
      this.#stuck = stuck === null ? null : this.#lookFor(stuck);
    }
  }

  #every(capacity: CapacityController): Timer {
    let isThinking = false;
    // One that is still thinking is not asked again.
    const timer = this.#ctx.timers.every(capacity.everyMs ?? 1_000, () => {
      if (isThinking) return;
      isThinking = true;
      this.#ask(capacity, (size) => {
        isThinking = false;
        if (size !== FAILED && this.#capacity === timer) this.#resize(size);
      });
    });
    return timer;
  }

  /** A throw is logged, and the size stays. */
  #ask(capacity: CapacityController, tell: (size: number | typeof FAILED) => void): void {
    const { log } = this.#ctx;
    const answer = new Promise<number>((resolve) => {
      resolve(capacity.size(this.#dispatcher.stats()));
    });
    this.#ctx.task(answer, tell, {
      onError(error) {
        log.error("capacity.size failed; the number of workers stays", { error });
        tell(FAILED);
      },
    });
  }

  /** What is no size is logged, too. */
  #resize(size: number): void {
    const { name, log } = this.#ctx;
    let checked: number;
    try {
      checked = checkSize(`${name}: capacity.size answered, which`, size);
    } catch (error) {
      log.error("the number of workers stays", { error });
      return;
    }
    this.#dispatcher.resize(checked);
  }

  #lookFor({ afterMs, action = "replace" }: Stuck): Timer {
    const everyMs = Math.max(1, afterMs / LOOKS);
    return this.#ctx.timers.every(everyMs, () =>
      this.#dispatcher.stuck.look(afterMs, action === "replace"),
    );
  }
}
