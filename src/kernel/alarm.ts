import { WheelEntry } from "./wheel.ts";

/** Calls back once, unless it is cancelled: for what is too rare to be a wheel entry itself. */
export class Alarm extends WheelEntry {
  readonly #ring: () => void;

  constructor(ring: () => void) {
    super();
    this.#ring = ring;
  }

  override expire(): void {
    this.#ring();
  }
}
