import { cellOf, type AnyRef } from "../kernel/ref.ts";
import type { Machine } from "./machine.ts";
import type { SimDisk } from "./disk/sim-disk.ts";

/** The simulated host, as `boot`, commands and checks see it. */
export class Sim {
  /** Files that live through crashes; give it to code that takes `node:fs` in production. */
  readonly disk: SimDisk;
  readonly seed: number;
  readonly #machine: Machine;

  /** @internal */
  constructor(machine: Machine, disk: SimDisk, seed: number) {
    this.#machine = machine;
    this.disk = disk;
    this.seed = seed;
  }

  /** Simulated ms since the start. */
  now(): number {
    return this.#machine.now;
  }

  /** Which life of the process this is: 1, and one more after each crash of it. */
  get life(): number {
    return this.#machine.service.life;
  }

  /** Turns of actors so far. */
  get turns(): number {
    return this.#machine.turns;
  }

  /**
   * The state of an actor as it is now; undefined while it has none.
   *
   * The type is the caller's word. For checks: a handler may be pending in the middle of a change.
   */
  // oxlint-disable-next-line no-unnecessary-type-parameters -- a ref does not know of its actor's state
  state<S>(ref: AnyRef): S | undefined {
    const { incarnation } = cellOf(ref);
    return incarnation === null ? undefined : (incarnation.lastState as S | undefined);
  }

  /** Messages that wait in an actor's mailbox. */
  mailboxSize(ref: AnyRef): number {
    return cellOf(ref).mailbox.size;
  }
}
