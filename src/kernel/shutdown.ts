import { exitProcess } from "../world/host.ts";
import { BadInputError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import { checkDelay, checkFunction, checkName } from "./options.ts";
import { hearSignal } from "./os-signals.ts";
import { deadline } from "./time.ts";

/** How one phase of a shutdown is run. */
export interface PhaseOptions {
  /** In ms; then the shutdown goes on without it. Default 5,000. */
  readonly timeout?: number;
}

/** When a shutdown begins, and how it ends. */
export interface ShutdownOptions {
  /** Default `SIGTERM` and `SIGINT`. */
  readonly signals?: readonly string[];
  /** Ends the process when all is done. Default true. */
  readonly exit?: boolean;
}

interface Phase {
  readonly name: string;
  readonly run: () => void | Promise<void>;
  readonly timeoutMs: number;
}

/** Coordinated shutdown: what was added runs in order, each with its time limit; then the actors stop. */
export class Shutdown {
  readonly #kernel: Kernel;
  readonly #stopActors: () => Promise<void>;
  readonly #phases: Phase[] = [];
  readonly #unlisten: (() => void)[] = [];
  #running: Promise<boolean> | null = null;

  constructor(kernel: Kernel, stopActors: () => Promise<void>) {
    this.#kernel = kernel;
    this.#stopActors = stopActors;
  }

  add(name: string, run: () => void | Promise<void>, options: PhaseOptions = {}): void {
    checkName("phase: name", name ?? "");
    checkFunction(`phase ${name}: run`, run);
    checkDelay(`phase ${name}: timeout`, options.timeout);
    if (this.#phases.some((phase) => phase.name === name)) {
      throw new BadInputError(`phase: there is a phase "${name}" already`);
    }
    this.#phases.push({ name, run, timeoutMs: options.timeout ?? 5_000 });
  }

  /** Runs once; whoever asks again gets the same outcome. */
  run(): Promise<boolean> {
    return (this.#running ??= this.#runPhases());
  }

  async #runPhases(): Promise<boolean> {
    const outcome = { well: true };
    const { events } = this.#kernel;
    // A phase that fails, an `exit` hook that throws, an actor that has to be killed.
    const unsubscribe = events.subscribe(
      () => void (outcome.well = false),
      ["hookFailed", "overdue"],
    );
    // In order: one after the other is the promise
    for (const phase of this.#phases) await this.#runPhase(phase);
    await this.#stopActors();
    unsubscribe();
    return outcome.well;
  }

  async #runPhase({ name, run, timeoutMs }: Phase): Promise<void> {
    try {
      await deadline(this.#kernel, Promise.resolve().then(run), timeoutMs);
    } catch (error) {
      const { events, name: actor } = this.#kernel;
      events.emit({ type: "hookFailed", actor, hook: `shutdown phase ${name}`, error });
    }
  }

  onSignals({ signals = ["SIGTERM", "SIGINT"], exit = true }: ShutdownOptions = {}): void {
    const onSignal = (): void => {
      // Whoever asks twice does not want to wait.
      if (this.#running !== null && exit) return exitProcess(1);
      void this.run().then((well) => {
        if (exit) exitProcess(well ? 0 : 1);
      });
    };
    for (const signal of signals) this.#unlisten.push(hearSignal(signal, onSignal));
  }

  /** Listens for signals no more. */
  forget(): void {
    for (const unlisten of this.#unlisten.splice(0)) unlisten();
  }
}
