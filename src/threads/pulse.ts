import type { Behaviour } from "../kernel/behaviour.ts";
import { BUSY, type Cell, type Family } from "../kernel/cell.ts";
import type { TakeTurn } from "../kernel/scheduler.ts";
import type { Peer } from "../peer/peer.ts";
import { NAMED } from "../wire/ops.ts";
import {
  ACTOR,
  ANSWERED,
  ARRIVED,
  BEAT,
  BODY,
  KIND,
  SLEEPER,
  SLEEPERS_KIND,
  WAITING,
  type Control,
} from "./control.ts";

/** So many actors are counted whenever something has come, or was done. */
const FEW = 32;
/** Of more, so many for each ms since: 1 % of the time. */
const COUNTED_PER_MS = 500;
/** Names that are known at a time. */
const MOST_NAMES = 4_096;

/** Shows, in shared memory, that a thread's event loop turns, and whose turn it is. */
export class Pulse {
  readonly #control: Control;
  readonly #takeTurn: TakeTurn;
  readonly #kinds = new Map<Behaviour, number>();
  readonly #places = new WeakMap<Cell, number>();
  /** What the other side was told to be the name of each number. */
  readonly #names: string[] = [];
  #nextPlace = 0;
  #peer: Peer | null = null;
  #lastKind: Behaviour | null = null;
  #bodies: Family | null = null;
  #nextCount = 0;

  constructor(control: Control, takeTurn: TakeTurn) {
    this.#control = control;
    this.#takeTurn = takeTurn;
  }

  /** Counts up every `beatMs` from now on. */
  start(peer: Peer, bodies: Family, beatMs: number): void {
    this.#peer = peer;
    this.#bodies = bodies;
    const { world } = peer.kernel;
    const beat = (): void => {
      this.beat();
      this.#count(peer, bodies);
      peer.window.acknowledge();
      world.setTimer(beatMs, beat);
    };
    beat();
  }

  /** Shows that the loop has turned. */
  beat(): void {
    Atomics.add(this.#control, BEAT, 1);
  }

  /** Shows that a question has been read, and all that came before it. */
  answer(): void {
    Atomics.add(this.#control, ANSWERED, 1);
  }

  /** Notes what has come and what waits, for when nobody can be asked; where many run, now and then. */
  note(): void {
    const peer = this.#peer;
    const bodies = this.#bodies;
    if (peer === null || bodies === null) return;
    if (bodies.size > FEW && peer.kernel.world.now() < this.#nextCount) return;
    this.#count(peer, bodies);
  }

  #count({ window, kernel }: Peer, bodies: Family): void {
    let waiting = 0;
    for (const { mailbox } of bodies.list()) waiting += mailbox.size;
    // Both at once: what is counted here as waiting is no longer under way.
    this.#control[ARRIVED] = window.arrivedInAll | 0;
    this.#control[WAITING] = waiting;
    if (bodies.size > FEW) this.#nextCount = kernel.world.now() + bodies.size / COUNTED_PER_MS;
  }

  /** Plain writes: they cost nothing, and whoever reads them does so much later. */
  readonly takeTurn: TakeTurn = (cell, budget) => {
    const control = this.#control;
    const actor = this.#sayWho(cell);
    control[ACTOR] = actor;
    const handled = this.#takeTurn(cell, budget);
    control[ACTOR] = 0;
    if ((cell.flags & BUSY) !== 0) {
      control[SLEEPER] = actor;
      control[SLEEPERS_KIND] = control[KIND]!;
    }
    return handled;
  };

  /** The number by which the other side will know it, beside its kind. */
  #sayWho(cell: Cell): number {
    const { rare } = cell;
    if (rare !== null && rare.identity !== null) {
      this.#control[KIND] = BODY;
      this.#lastKind = null;
      return rare.identity.rare!.far!.id + 1;
    }
    if (cell.behaviour !== this.#lastKind) this.#tellKind(cell);
    const name = rare === null ? null : rare.name;
    return name === null ? cell.id + 1 : -1 - this.#placeOf(cell, name);
  }

  #tellKind(cell: Cell): void {
    const { behaviour } = cell;
    this.#lastKind = behaviour;
    let number = this.#kinds.get(behaviour);
    if (number === undefined) {
      number = this.#kinds.size;
      this.#kinds.set(behaviour, number);
      this.#tell(-1 - number, behaviour.name, true);
    }
    this.#control[KIND] = number;
  }

  /** The number that stands for a name; told, if it is not, or no longer, known. */
  #placeOf(cell: Cell, name: string): number {
    const known = this.#places.get(cell);
    if (known !== undefined && this.#names[known] === name) return known;
    const place = this.#nextPlace;
    // Used again after that many: names come and go, and are not to be kept for ever.
    this.#nextPlace = (place + 1) % MOST_NAMES;
    this.#names[place] = name;
    this.#places.set(cell, place);
    this.#tell(place, name, known === undefined);
    return place;
  }

  /** At once, the first time: the turn that is about to begin may be the last. */
  #tell(number: number, name: string, isNew: boolean): void {
    const outbox = this.#peer?.outbox;
    outbox?.say(NAMED, number, name);
    if (isNew) outbox?.flush();
  }
}
