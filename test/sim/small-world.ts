import type { Chance } from "../../src/sim/chance.ts";
import type { Command, Decisions, Pick } from "../../src/sim/decisions.ts";

/**
 * A world small enough to run in a test, with a line of actors and one mistake: an index learns of a
 * rare entry by way of a relay, and takes for granted that the store has it by then.
 */
class SmallWorld {
  failed = false;
  readonly #line: string[] = [];
  readonly #boxes = new Map<string, (() => void)[]>();
  readonly #stored = new Set<number>();
  readonly #commands = new Map<number, Command[]>();

  constructor(workload: readonly Command[]) {
    for (const command of workload) {
      const { client } = command;
      this.#commands.set(client, [...(this.#commands.get(client) ?? []), command]);
    }
    for (const client of this.#commands.keys()) this.#step(client);
  }

  get waiting(): number {
    return this.#line.length;
  }

  run(index: number): void {
    const [name = ""] = this.#line.splice(index, 1);
    const box = this.#boxes.get(name) ?? [];
    box.shift()?.();
    if (box.length > 0) this.#line.push(name);
  }

  #send(name: string, handle: () => void): void {
    const box = this.#boxes.get(name) ?? [];
    this.#boxes.set(name, box);
    box.push(handle);
    if (box.length === 1) this.#line.push(name);
  }

  #step(client: number): void {
    this.#send(`client ${client}`, () => {
      const command = this.#commands.get(client)?.shift();
      if (command === undefined) return;
      if (command.name === "work") return this.#work(command);
      this.#send("store", () => void this.#stored.add(command.seed));
      this.#send("relay", () => this.#send("index", () => this.#index(command)));
    });
  }

  #work({ client, seed }: Command): void {
    this.#send(`worker ${seed % 4}`, () => this.#step(client));
  }

  #index({ client, name, seed }: Command): void {
    if (name === "rare" && !this.#stored.has(seed)) this.failed = true;
    this.#step(client);
  }
}

function runWorld(
  decisions: Decisions,
  choose: (choice: number, waiting: number) => number,
): Decisions | undefined {
  const world = new SmallWorld(decisions.workload);
  const turns: Pick[] = [];
  for (let choice = 0; world.waiting > 0 && !world.failed;) {
    if (world.waiting === 1) {
      world.run(0);
      continue;
    }
    const pick = Math.min(choose(choice, world.waiting), world.waiting - 1);
    if (pick > 0) turns.push({ choice, pick });
    choice++;
    world.run(pick);
  }
  return world.failed ? { ...decisions, turns } : undefined;
}

/** Runs as decided; answers what was used when the mistake shows. */
export function replayWorld(decisions: Decisions): Decisions | undefined {
  const picks = new Map(decisions.turns.map(({ choice, pick }) => [choice, pick]));
  return runWorld(decisions, (choice) => picks.get(choice) ?? 0);
}

/** Runs 60 commands of 3 clients, taking any of those in line. */
export function walkWorld(chance: Chance): Decisions | undefined {
  const workload = Array.from({ length: 60 }, (_, seed) => ({
    client: seed % 3,
    pauseMs: 0,
    name: chance.bool(0.03) ? "rare" : chance.pick(["write", "work"]),
    seed,
  }));
  const decisions = { workload, faults: [], turns: [], random: 0 };
  return runWorld(decisions, (_, waiting) => chance.int(0, waiting - 1));
}
