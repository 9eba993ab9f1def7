import { Chance } from "./chance.ts";
import type { Command } from "./decisions.ts";
import type { History } from "./history/history.ts";
import type { Machine } from "./machine.ts";
import { Moment } from "./service.ts";
import type { CommandFn, Workload } from "./scenario.ts";
import type { Sim } from "./sim.ts";

/** Short: what clients do at one time is what goes wrong. */
const PAUSE_MS = [0, 2] as const;

/** How the simulation leaves a command that was under way at a crash of the process. */
class ProcessCrashed extends Error {
  constructor(command: string) {
    super(`the process crashed during ${command}; it may or may not have been done`);
    this.name = "ProcessCrashed";
  }
}

/** What became of the commands of a run. */
export interface CommandCounts {
  done: number;
  rejected: number;
  /** By a crash of the process. */
  cutOff: number;
  /** Those that were rejected, by the name of the error. */
  readonly rejections: Record<string, number>;
}

/** Draws what clients do. */
export function drawWorkload<App>(workload: Workload<App>, chance: Chance): Command[] {
  const { clients = 1, steps = 10, pauseMs = PAUSE_MS } = workload;
  const names = Object.entries(workload.commands).flatMap(([name, command]) =>
    Array.from({ length: typeof command === "function" ? 1 : command.weight }, () => name),
  );
  return Array.from({ length: steps * clients }, (_, i) => ({
    client: 1 + (i % clients),
    pauseMs: chance.int(...pauseMs),
    name: chance.pick(names),
    seed: chance.bits(),
  }));
}

/** The clients of a run: each does its commands, one after the other. */
export class Clients<App> {
  readonly counts: CommandCounts = { done: 0, rejected: 0, cutOff: 0, rejections: {} };
  readonly #machine: Machine;
  readonly #sim: Sim;
  readonly #history: History;
  readonly #commands: Workload<App>["commands"];
  readonly #fail: (error: unknown) => void;
  /** What they wait for at the moment, by client. */
  readonly #busy = new Map<number, Command>();
  #working = 0;
  /** What `boot` returned, nothing included, while the process is up. */
  #service: { readonly app: App } | undefined;
  #whenUp: (() => void)[] = [];
  #whenCrashed = new Set<() => void>();

  constructor(
    machine: Machine,
    sim: Sim,
    history: History,
    commands: Workload<App>["commands"],
    fail: (error: unknown) => void,
  ) {
    this.#machine = machine;
    this.#sim = sim;
    this.#history = history;
    this.#commands = commands;
    this.#fail = fail;
  }

  get areDone(): boolean {
    return this.#working === 0;
  }

  /** `transfer of client 2`, for each command under way. */
  get underWay(): string[] {
    return Array.from(this.#busy, ([client, { name }]) => `${name} of client ${client}`);
  }

  /** The service is there, or there again. */
  up(app: App): void {
    this.#service = { app };
    const waiting = this.#whenUp;
    this.#whenUp = [];
    for (const go of waiting) go();
  }

  /** The process is gone, and with it whoever was to answer. */
  crashed(): void {
    this.#service = undefined;
    const open = this.#whenCrashed;
    this.#whenCrashed = new Set();
    for (const cutOff of open) cutOff();
  }

  begin(commands: readonly Command[]): void {
    const byClient = groupByClient(commands);
    this.#working = byClient.size;
    for (const own of byClient.values()) {
      void this.#work(own)
        .catch(this.#fail)
        .finally(() => this.#working--);
    }
  }

  async #work(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      await this.#pause(command);
      if (this.#service === undefined)
        await new Promise<void>((resolve) => this.#whenUp.push(resolve));
      await this.#do(command, this.#service!.app);
    }
  }

  #pause({ client, pauseMs, seed }: Command): Promise<void> {
    const { clients } = this.#machine;
    return new Promise((resolve) => {
      const moment = new Moment(`client ${client}`, true, resolve);
      this.#machine.askers.set(seed, moment.what);
      this.#machine.plan(moment, pauseMs, clients, { command: seed });
    });
  }

  async #do(command: Command, app: App): Promise<void> {
    const { client, name, seed } = command;
    const run = this.#functionOf(name);
    if (run === undefined) return;
    this.#busy.set(client, command);
    let cutOff = nothing;
    const crash = new Promise<never>((_, reject) => {
      cutOff = () => reject(new ProcessCrashed(name));
    });
    this.#whenCrashed.add(cutOff);
    try {
      const history = this.#history.client(client);
      const chance = new Chance(seed);
      this.#machine.client = `client ${client}`;
      this.#machine.command = seed;
      const work = run({ app, sim: this.#sim, chance, client, history });
      this.#machine.client = null;
      await Promise.race([work, crash]);
      this.counts.done++;
    } catch (error) {
      if (error instanceof ProcessCrashed) this.counts.cutOff++;
      else this.#rejected(error);
    } finally {
      this.#machine.client = null;
      this.#whenCrashed.delete(cutOff);
      this.#busy.delete(client);
    }
  }

  /** What the service answers with may well be an error; a mistake in the command itself is not. */
  #rejected(error: unknown): void {
    if (isMistake(error)) throw error;
    const { counts } = this;
    const name = error instanceof Error ? error.name : typeof error;
    counts.rejected++;
    counts.rejections[name] = (counts.rejections[name] ?? 0) + 1;
  }

  /** A command on record may have been taken out of the scenario since. */
  #functionOf(name: string): CommandFn<App> | undefined {
    const command = this.#commands[name];
    return typeof command === "object" ? command.run : command;
  }
}

function nothing(): void {}

/** Code that cannot work, or an assertion of the command's that does not hold. */
function isMistake(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof ReferenceError) return true;
  return error instanceof Error && error.name === "AssertionError";
}

function groupByClient(commands: readonly Command[]): Map<number, Command[]> {
  const groups = new Map<number, Command[]>();
  for (const command of commands) {
    const group = groups.get(command.client);
    if (group === undefined) groups.set(command.client, [command]);
    else group.push(command);
  }
  return groups;
}
