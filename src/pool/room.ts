import type { InitContext, Reply } from "../index.ts";

/** Whose room it is. */
interface Owner {
  readonly isOver: boolean;
  readonly crew: { readonly size: number; readonly idle: { readonly size: number } };
  readonly lines: { readonly size: number };
}

/** How long a place is kept for one who was told of it and does not come, in ms. */
const KEPT_MS = 50;
/** Those who have left are looked for when at least so many wait. */
const FEW = 64;

/**
 * Those who wait until one more job would be taken: of each place one of them is told, first come
 * first served.
 *
 * A place is kept for whoever was told until a job comes, anybody's. So producers that all ask are
 * never told of the same one; those that do not ask may take what was kept.
 */
export class Room {
  readonly #ctx: InitContext;
  readonly #owner: Owner;
  readonly #limit: { readonly max: number };
  #waiting: Reply<void>[] = [];
  #told = 0;
  #lapses = false;
  #sweepAt = FEW;

  constructor(ctx: InitContext, owner: Owner, limit: { readonly max: number }) {
    this.#ctx = ctx;
    this.#owner = owner;
    this.#limit = limit;
  }

  /** Where nothing bounds what waits, as many as there are workers wait for a short time. */
  get #places(): number {
    const { isOver, crew, lines } = this.#owner;
    if (isOver) return Infinity;
    const { max } = this.#limit;
    const bound = max === Infinity ? Math.max(1, crew.size) : max;
    return crew.idle.size + Math.max(0, bound - lines.size);
  }

  wait(reply: Reply<void>): void {
    this.#waiting.push(reply);
    if (this.#waiting.length >= this.#sweepAt) this.#forgetThoseWhoLeft();
    this.look();
  }

  /** A job has come. */
  hasCome(): void {
    if (this.#told > 0) this.#told--;
  }

  /** There may be more places since: costs next to nothing where nobody waits. */
  look(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    let free = this.#places - this.#told;
    let looked = 0;
    while (free > 0 && looked < waiting.length) {
      const reply = waiting[looked++]!;
      if (!reply.isOpen) continue;
      reply.resolve();
      this.#told++;
      free--;
    }
    waiting.splice(0, looked);
    if (waiting.length > 0 && this.#told > 0) this.#lapseLater();
  }

  #lapseLater(): void {
    if (this.#lapses) return;
    this.#lapses = true;
    this.#ctx.timers.after(KEPT_MS, () => {
      this.#lapses = false;
      this.#told = 0;
      this.look();
    });
  }

  #forgetThoseWhoLeft(): void {
    this.#waiting = this.#waiting.filter(({ isOpen }) => isOpen);
    this.#sweepAt = Math.max(FEW, 2 * this.#waiting.length);
  }
}
