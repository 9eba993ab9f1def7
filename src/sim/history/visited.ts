import { mix } from "../chance.ts";
import { fingerprint } from "./fingerprint.ts";

/** Numbers for states: the same for two that hold the same. */
export class StateNumbers {
  readonly #primitives = new Map<unknown, number>();
  readonly #objects = new Map<string, number>();

  of(state: unknown): number {
    if (Object(state) === state || Object.is(state, -0)) {
      return numberIn(this.#objects, fingerprint(state), 2 * this.#objects.size);
    }
    return numberIn(this.#primitives, state, 2 * this.#primitives.size + 1);
  }
}

function numberIn<K>(numbers: Map<K, number>, key: K, next: number): number {
  const number = numbers.get(key);
  if (number !== undefined) return number;
  numbers.set(key, next);
  return next;
}

/**
 * The places where the search has been: which operations had their place, and the state after them.
 *
 * Operations that an order can do without are numbered last. To have placed fewer of these for the
 * same state is to have all the ways on that there are with more: such a place counts as visited.
 */
export class Visited {
  /**
   * Words of 32 operations: those that an order can do without first, because places with one hash
   * mostly differ in these only.
   */
  readonly #placed: Int32Array;
  readonly #wordsOfOptional: number;
  readonly #required: number;
  /** A hash of what is placed of the required; to place and to take back are the same. */
  #hash = 0;
  /** By hash the place that was noted last, and from there the one before with the same hash, or -1. */
  readonly #latest = new Map<number, number>();
  readonly #before: number[] = [];
  readonly #states: number[] = [];
  readonly #words: Words;

  constructor(required: number, optional: number) {
    this.#required = required;
    this.#wordsOfOptional = Math.ceil(optional / 32);
    this.#placed = new Int32Array(this.#wordsOfOptional + Math.ceil(required / 32));
    this.#words = new Words(this.#placed.length);
  }

  get size(): number {
    return this.#states.length;
  }

  has(operation: number): boolean {
    const bit = this.#bitOf(operation);
    return (this.#placed[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }

  /** Places the operation, or takes it back. */
  flip(operation: number): void {
    const bit = this.#bitOf(operation);
    this.#placed[bit >>> 5]! ^= 1 << (bit & 31);
    if (operation < this.#required) this.#hash ^= mix(operation + 0x9e3779b9);
  }

  /** Notes where the search is; false when it has been here, or where it was better off. */
  note(state: number): boolean {
    const hash = mix(this.#hash ^ mix(state));
    const latest = this.#latest.get(hash) ?? -1;
    for (let place = latest; place !== -1; place = this.#before[place]!) {
      if (this.#states[place] === state && this.#covers(place)) return false;
    }
    this.#latest.set(hash, this.#states.length);
    this.#before.push(latest);
    this.#states.push(state);
    this.#words.push(this.#placed);
    return true;
  }

  #covers(place: number): boolean {
    const placed = this.#placed;
    for (let word = 0; word < placed.length; word++) {
      const noted = this.#words.at(place, word);
      if (word < this.#wordsOfOptional ? (noted & ~placed[word]!) !== 0 : noted !== placed[word]) {
        return false;
      }
    }
    return true;
  }

  #bitOf(operation: number): number {
    return operation < this.#required
      ? operation + 32 * this.#wordsOfOptional
      : operation - this.#required;
  }
}

/** Rows of words in one array that grows: an array for each row would be mostly head. */
class Words {
  readonly #width: number;
  #all: Int32Array;
  #used = 0;

  constructor(width: number) {
    this.#width = width;
    this.#all = new Int32Array(64 * width);
  }

  push(row: Int32Array): void {
    if (this.#used + this.#width > this.#all.length) {
      const larger = new Int32Array(2 * this.#all.length);
      larger.set(this.#all);
      this.#all = larger;
    }
    this.#all.set(row, this.#used);
    this.#used += this.#width;
  }

  at(row: number, word: number): number {
    return this.#all[row * this.#width + word]!;
  }
}
