import type { Incarnation } from "../kernel/incarnation.ts";
import { type RaisedEvents, TIMEOUT } from "./machine-raised.ts";

/** One that runs; the latest arguments are those that count. */
interface Running {
  args: readonly unknown[];
  readonly cancel: () => void;
}

/** The keys of the timeouts that no event names: verbs may have any name that a string can be. */
export const AFTER: unique symbol = Symbol("after");
export const IDLE: unique symbol = Symbol("idle");

/**
 * The timeouts of a machine that run, one for each key.
 *
 * Which is the one that counts is looked up when its time is up: so what was cancelled or set anew
 * is never seen, wherever it waits.
 */
export class MachineTimeouts {
  readonly #ctx: Incarnation;
  readonly #raised: RaisedEvents;
  readonly #running = new Map<string | symbol, Running>();

  constructor(ctx: Incarnation, raised: RaisedEvents) {
    this.#ctx = ctx;
    this.#raised = raised;
  }

  /** Sets one in place of any with this key; `Infinity` is never. */
  set(
    key: string | symbol,
    ms: number,
    args: readonly unknown[],
    run: (args: readonly unknown[]) => unknown,
  ): void {
    this.cancel(key);
    if (ms === Infinity) return;
    const expire = (): unknown => {
      if (this.#running.get(key) !== running) return undefined;
      this.#running.delete(key);
      return run(running.args);
    };
    const timer = ms > 0 ? this.#ctx.timers.after(ms, expire) : null;
    const running: Running = { args, cancel: () => timer?.cancel() };
    this.#running.set(key, running);
    if (timer === null) this.#raised.add(this.#raised.make(TIMEOUT, expire));
  }

  update(key: string, args: readonly unknown[]): boolean {
    const running = this.#running.get(key);
    if (running !== undefined) running.args = args;
    return running !== undefined;
  }

  cancel(key: string | symbol): boolean {
    const running = this.#running.get(key);
    if (running === undefined) return false;
    running.cancel();
    return this.#running.delete(key);
  }
}
