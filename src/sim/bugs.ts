import type { Faults } from "./faults.ts";
import type { Machine } from "./machine.ts";

/** The branches marked with `buggify`: which of them a run takes at all, and when. */
export class Bugs {
  readonly #machine: Machine;
  readonly #sites: number;
  readonly #fires: number;
  /** By name, whether this run takes it at all. */
  readonly #taken = new Map<string, boolean>();

  constructor(machine: Machine, buggify: Faults["buggify"] = 0) {
    this.#machine = machine;
    const { sites, fires } =
      typeof buggify === "number" ? { sites: buggify, fires: buggify } : buggify;
    this.#sites = sites;
    this.#fires = fires;
  }

  readonly take = (name: string): boolean => {
    const { choices, command } = this.#machine;
    const taken = choices.faultAt("buggify", name, command, (chance) => {
      let isTaken = this.#taken.get(name);
      if (isTaken === undefined) this.#taken.set(name, (isTaken = chance.bool(this.#sites)));
      return (isTaken && chance.bool(this.#fires)) || undefined;
    });
    return taken === true;
  };
}
