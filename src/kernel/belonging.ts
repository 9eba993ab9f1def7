/** Something that ends with the incarnation that owns it: a timer, a task, a monitor … */
export interface Belonging {
  /** Where it stands among all that its owner has; null where nobody owns it. */
  place: Place | null;
  /** Ends it; its owner forgets it by itself. */
  release(): void;
}

/** One place in the list: an object for all kinds of belongings, so that the engine sees one shape. */
class Place {
  readonly list: Belongings;
  readonly belonging: Belonging;
  before: Place | null;
  after: Place | null = null;

  constructor(list: Belongings, belonging: Belonging, before: Place | null) {
    this.list = list;
    this.belonging = belonging;
    this.before = before;
  }
}

/**
 * What an incarnation owns, in the order in which it came.
 *
 * A list and no set, for the reason that `owed.ts` gives: timers and tasks come and go with nearly
 * every message.
 */
export class Belongings {
  #first: Place | null = null;
  #last: Place | null = null;

  add(belonging: Belonging): void {
    const place = new Place(this, belonging, this.#last);
    if (this.#last === null) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    belonging.place = place;
  }

  has({ place }: Belonging): boolean {
    return place?.list === this;
  }

  delete(belonging: Belonging): void {
    const { place } = belonging;
    if (place?.list !== this) return;
    belonging.place = null;
    const { before, after } = place;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    // One that has grown old would keep all that came after it alive.
    place.before = place.after = null;
  }

  /** Ends them all. */
  release(): void {
    for (let place = this.#first; place !== null; place = this.#first) {
      const { belonging } = place;
      this.delete(belonging);
      belonging.release();
    }
  }
}
