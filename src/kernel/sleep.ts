import { ActorStoppedError, KilledError } from "./errors.ts";
import type { Belonging } from "./belonging.ts";
import type { Incarnation } from "./incarnation.ts";
import { checkDelay } from "./options.ts";
import { WheelEntry } from "./wheel.ts";

/** A pause inside of a handler: no message, so it comes although the handler is pending. */
class Sleep extends WheelEntry implements Belonging {
  place: Belonging["place"] = null;
  readonly #owner: Incarnation;
  readonly #awake: () => void;
  readonly #disturbed: (error: unknown) => void;

  constructor(owner: Incarnation, awake: () => void, disturbed: (error: unknown) => void) {
    super();
    this.#owner = owner;
    this.#awake = awake;
    this.#disturbed = disturbed;
  }

  override expire(): void {
    this.#owner.disown(this);
    this.#awake();
  }

  /** The incarnation ends: who sleeps in it need not wait for the time. */
  release(): void {
    const { cell, endReason } = this.#owner;
    cell.kernel.wheel.cancel(this);
    const reason = endReason ?? { kind: "normal" };
    this.#disturbed(
      reason.kind === "killed"
        ? new KilledError(cell.label, "ctx.sleep")
        : new ActorStoppedError(cell.label, "ctx.sleep", reason),
    );
  }
}

/** Resolves after a while; rejects when the incarnation ends before. */
export function sleep(owner: Incarnation, ms: number): Promise<void> {
  checkDelay("ctx.sleep", ms ?? null);
  const pause = new Promise<void>((resolve, reject) => {
    const entry = new Sleep(owner, resolve, reject);
    owner.own(entry);
    owner.cell.kernel.wheel.set(entry, ms);
  });
  pause.catch(() => {});
  return pause;
}
