import type { Behaviour } from "../kernel/behaviour.ts";
import { BUSY, type Cell } from "../kernel/cell.ts";
import type { TakeTurn } from "../kernel/scheduler.ts";
import type { Peer } from "../peer/peer.ts";
import { NAMED } from "../wire/ops.ts";
import {
  ACTOR,
  ARRIVED,
  BEAT,
  KIND,
  SLEEPER,
  SLEEPERS_KIND,
  WAITING,
  type Control,
} from "./control.ts";

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
  /** Of those that have come, how many have been noted. */
  #arrived = 0;

  constructor(control: Control, takeTurn: TakeTurn) {
    this.#control = control;
    this.#takeTurn = takeTurn;
  }

  /** Counts up every `beatMs` from now on. */
  start(peer: Peer, waiting: () => number, beatMs: number): void {
    this.#peer = peer;
    const { world } = peer.kernel;
    const beat = (): void => {
      this.beat();
      // What actors here sent to each other is not seen as it comes.
      this.#arrived = this.#control[ARRIVED] = peer.window.arrivedInAll | 0;
      this.#control[WAITING] = waiting();
      peer.window.acknowledge();
      world.setTimer(beatMs, beat);
    };
    beat();
  }

  /** Shows that the loop has turned. */
  beat(): void {
    Atomics.add(this.#control, BEAT, 1);
  }

  /** Notes what has come: it waits until it is taken out in a turn. */
  noteArrivals(): void {
    const arrived = this.#peer!.window.arrivedInAll | 0;
    const news = (arrived - this.#arrived) | 0;
    if (news === 0) return;
    this.#arrived = this.#control[ARRIVED] = arrived;
    this.#control[WAITING]! += news;
  }

  /** Plain writes: they cost nothing, and whoever reads them does so much later. */
  readonly takeTurn: TakeTurn = (cell, budget) => {
    const control = this.#control;
    if (cell.behaviour !== this.#lastKind) this.#tellKind(cell);
    const { rare } = cell;
    const name = rare === null ? null : rare.name;
    control[ACTOR] = name === null ? cell.id + 1 : -1 - this.#placeOf(cell, name);
    // One that runs for the other side: others get little from there.
    const isBody = rare !== null && rare.identity !== null;
    if (isBody) this.noteArrivals();
    const before = isBody ? cell.mailbox.size : 0;
    const handled = this.#takeTurn(cell, budget);
    if (isBody) control[WAITING]! += cell.mailbox.size - before;
    control[ACTOR] = 0;
    if ((cell.flags & BUSY) !== 0) {
      control[SLEEPER] = name === null ? cell.id + 1 : -1 - this.#placeOf(cell, name);
      control[SLEEPERS_KIND] = control[KIND]!;
    }
    return handled;
  };

  #tellKind(cell: Cell): void {
    const { behaviour } = cell;
    this.#lastKind = behaviour;
    let number = this.#kinds.get(behaviour);
    if (number === undefined) {
      number = this.#kinds.size;
      this.#kinds.set(behaviour, number);
      this.#tell(-1 - number, behaviour.name);
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
    this.#tell(place, name);
    return place;
  }

  /** Sent at once: the turn that is about to begin may be the last. */
  #tell(number: number, name: string): void {
    const outbox = this.#peer?.outbox;
    outbox?.say(NAMED, number, name);
    outbox?.flush();
  }
}
