/** Something that comes to hold, and those who wait for it. */
export class Condition {
  readonly #holds: () => boolean;
  #waiting: (() => void)[] = [];

  constructor(holds: () => boolean) {
    this.#holds = holds;
  }

  /** Calls back once, when it holds: now, or when somebody looks. */
  wait(tell: () => void): void {
    this.#waiting.push(tell);
    this.look();
  }

  /** It may hold since: costs next to nothing where nobody waits. */
  look(): void {
    if (this.#waiting.length === 0 || !this.#holds()) return;
    for (const tell of this.#waiting.splice(0)) tell();
  }
}
