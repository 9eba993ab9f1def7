import { staging, type Stage } from "../kernel/staging.ts";
import { Bugs } from "./bugs.ts";
import type { Observed } from "./checks/observation.ts";
import type { Choices } from "./choices.ts";
import { Clients, drawWorkload } from "./clients.ts";
import { drainOfHost } from "./host/drain.ts";
import { messageRules, namesIn, type Faults } from "./faults.ts";
import { Harm, type Outage } from "./harm.ts";
import { History } from "./history/history.ts";
import { HostGlobals } from "./host/host-globals.ts";
import { EscapeWatch } from "./host/host-resources.ts";
import { catchRejections } from "./host/rejections.ts";
import { ask, Inspection, Violation } from "./inspection.ts";
import { Machine, type Watchers } from "./machine.ts";
import { CLIENTS, FaultyNetwork } from "./network.ts";
import type { Scenario, View } from "./scenario.ts";
import { show } from "./show.ts";
import type { RunFailure, RunResult } from "./run-result.ts";
import { Sim } from "./sim.ts";
import { SimDisk } from "./disk/sim-disk.ts";
import { stalledBy } from "./stalled.ts";

const VIRTUAL_TIME_MS = 60_000;
const WITHIN_MS = 60_000;
/** Shutdown times are the service's own; after so long it is taken for stuck. */
const STOP_MS = 600_000;
/** A run that takes more steps than this at one time never lets time pass. */
const MOST_STEPS = 1_000_000;
/** What a service may do at one moment before clients begin, and before the last checks. */
const FIRST_STEPS = 1_000;

/** Faults around turns; the others are done where messages and files are. */
const HARMS = ["crash", "kill", "slow", "clock", "stall", "process"] as const;

/** How a run differs from others of its scenario. */
export interface RunOptions {
  readonly seed: number;
  readonly choices: Choices;
  /** Makes somebody who is shown everything, besides the checks. */
  readonly watch?: (machine: Machine) => Watchers;
}

/**
 * One run of a scenario, from `boot` to the last check.
 *
 * ```text
 *   boot ──► clients at work, faults ──► calm: what must come true ──► systems stop ──► last checks
 *                  │        ▲
 *                  ▼        │
 *               crash ──► boot again
 * ```
 *
 * Advanced in slices by whoever owns it, so that a long one leaves the host its turns. In between
 * nothing of it is to be seen: no global is its own, no promise of its is on the way.
 */
export class Run<App> {
  readonly sim: Sim;
  readonly machine: Machine;
  readonly #scenario: Scenario<App>;
  readonly #choices: Choices;
  readonly #globals: HostGlobals;
  readonly #disk: SimDisk;
  readonly #history = new History();
  readonly #clients: Clients<App>;
  readonly #inspection: Inspection<App>;
  readonly #faults: Faults;
  readonly #stage: Stage;
  readonly #script: Generator<void, void>;
  #view: View<App> | undefined;
  #failure: RunFailure | undefined;
  readonly #escape = new EscapeWatch();
  #done = false;
  /** A `boot` that has not returned. */
  #booting = true;

  constructor(scenario: Scenario<App>, { seed, choices, watch }: RunOptions) {
    this.#scenario = scenario;
    this.#choices = choices;
    this.#faults = scenario.faults ?? {};
    const machine = new Machine(choices, drainOfHost());
    this.machine = machine;
    this.#globals = new HostGlobals(machine, {
      uncaught: (error) => this.#fail("no uncaught error", error),
      escaped: (error) => (this.#escape.found ??= error),
    });
    this.#disk = new SimDisk(
      {
        after: (ms, fn) => void machine.service.after(ms, "disk", fn),
        decide: (kind, place, draw) => choices.faultAt(kind, place, machine.command, draw),
      },
      { ...scenario.disk, faults: this.#faults.disk ?? {} },
    );
    this.sim = new Sim(machine, this.#disk, seed);
    const { commands } = scenario.workload ?? { commands: {} };
    this.#clients = new Clients(machine, this.sim, this.#history, commands, (error) =>
      this.#fail("no uncaught error", error),
    );
    const others = watch?.(machine) ?? null;
    const inspection = new Inspection(scenario.always ?? {}, this.#observed(), others);
    this.#inspection = inspection;
    machine.watchers = inspection;
    this.#stage = {
      createSystem: (options) =>
        machine.service.createSystem({
          ...options,
          logger: options.logger ?? false,
          // Whatever NODE_ENV says: the same seed is the same run everywhere.
          development: options.development ?? true,
        }),
      buggify: new Bugs(machine, this.#faults.buggify).take,
    };
    this.#script = this.#play();
  }

  #observed(): Observed {
    const { machine } = this;
    return {
      history: this.#history,
      now: () => machine.now,
      labelOf: (cell) => machine.records.of(cell).label,
      find: (kernel, label) => machine.records.find(kernel, label),
      kernels: () => machine.service.kernels,
    };
  }

  get isDone(): boolean {
    return this.#done;
  }

  /** The service as it is now; undefined while it is not there. */
  get app(): App | undefined {
    return this.#inspection.view?.app;
  }

  /** Whose code is on the stack. */
  whoIsRunning(): string | undefined {
    const { turnOf, client, records } = this.machine;
    const [kernel] = this.machine.service.kernels;
    const cell = turnOf ?? kernel?.scope?.current()?.incarnation.cell;
    if (cell == null) return client ?? undefined;
    const { current } = cell;
    return `${records.of(cell).label}${current === null ? "" : ` in ${current.verb.name}`}`;
  }

  result(): RunResult {
    const { machine } = this;
    const { steps, turns, now } = machine;
    return {
      failure: this.#failure,
      escaped: this.#escape.found ?? false,
      decisions: this.#choices.record(),
      hash: machine.trace.text,
      orders: machine.records.orders,
      turns,
      steps,
      simulatedMs: now,
      commands: this.#clients.counts,
      undecided: this.#history.undecided,
      strangers: namesIn(this.#faults).filter(
        (name) => name !== CLIENTS && !machine.records.knew(name),
      ),
    };
  }

  // --- on and off the stage -------------------------------------------------------------------

  /** Goes on until it is done, or `isEnough` after a step. Never from within a microtask. */
  advance(isEnough: () => boolean): void {
    if (this.#done) return;
    const { uncaughtRejections, restore } = catchRejections();
    const before = staging.stage;
    staging.stage = this.#stage;
    this.#escape.begin();
    try {
      this.#globals.substitute();
      do this.#next(uncaughtRejections);
      while (!this.#done && !isEnough());
      // What the host does in between, it may have been asked for.
      this.#lookForEscape(true);
      // What is left of it must not go on in the host's world.
      if (this.#done) this.machine.settle();
    } finally {
      this.#globals.restore();
      staging.stage = before;
      restore();
    }
  }

  #next(uncaughtRejections: readonly unknown[]): void {
    try {
      const { done } = this.#script.next();
      this.#lookForEscape(done === true);
      if (done === true) this.#end();
      if (uncaughtRejections.length > 0) {
        throw new Violation(
          "no unhandled rejection",
          show(uncaughtRejections[0]),
          uncaughtRejections[0],
        );
      }
    } catch (error) {
      if (error instanceof Violation)
        this.#fail(error.invariant, error.cause ?? error, error.message);
      else this.#fail("no uncaught error", error);
    }
    if (this.#failure !== undefined) this.#end();
  }

  #lookForEscape(atEnd: boolean): void {
    const { isAnyPending, steps } = this.machine;
    if (this.#escape.look(steps, atEnd || isAnyPending)) this.#end();
  }

  #fail(invariant: string, error: unknown, message = show(error)): void {
    this.#failure ??= { invariant, message, error };
  }

  #end(): void {
    if (this.#done) return;
    this.#done = true;
    this.machine.close();
  }

  // --- what happens, a step at a time ---------------------------------------------------------

  *#play(): Generator<void, void> {
    const { virtualTime = VIRTUAL_TIME_MS, workload, within = WITHIN_MS } = this.#scenario;
    this.#boot();
    yield* this.#until(() => !this.#booting, STOP_MS, "boot ends");
    yield* this.#comeToRest();
    this.#lookSoon();
    // Nothing may happen from here on, and then no step would ask.
    this.#inspection.stepped();
    this.#arm();
    if (workload !== undefined) {
      this.#clients.begin(this.#choices.workload((chance) => drawWorkload(workload, chance)));
    }
    this.machine.settle();
    const isOver = workload === undefined ? () => false : () => this.#clients.areDone;
    yield* this.#during(isOver, virtualTime);
    this.#calm();
    yield* this.#until(() => this.#clients.areDone && !this.#booting, within, "commands settle");
    yield* this.#comeTrue(within);
    yield* this.#comeToRest();
    for (const [name, check] of Object.entries(this.#scenario.finally ?? {})) {
      if (this.#view !== undefined) ask(name, check, this.#view);
    }
    yield* this.#stop();
    this.#inspection.ended();
  }

  /** Whoever has something to do at this moment does it first; who is always busy is let go on. */
  *#comeToRest(): Generator<void, void> {
    const { machine } = this;
    const enough = machine.steps + FIRST_STEPS + 20 * machine.ready.length;
    yield* this.#during(() => machine.ready.length === 0 || machine.steps >= enough, 0);
  }

  /** Steps until something is so, or so much time has passed. */
  *#during(isOver: () => boolean, limitMs: number): Generator<void, boolean> {
    const { machine } = this;
    const end = machine.now + limitMs;
    let { now } = machine;
    let mostSteps = machine.steps + MOST_STEPS;
    while (!isOver()) {
      if (machine.nextDue > end) {
        machine.spend(Math.max(0, end - machine.now));
        return isOver();
      }
      if (!machine.step()) return false;
      if (machine.now !== now) {
        ({ now } = machine);
        mostSteps = machine.steps + MOST_STEPS;
      } else if (machine.steps > mostSteps) {
        const still = `after ${MOST_STEPS} steps it is still ${now} ms`;
        throw new Violation("time passes", `${still}; somebody sends to himself without end`);
      }
      yield;
    }
    return true;
  }

  *#until(isOver: () => boolean, limitMs: number, what: string): Generator<void, void> {
    if (yield* this.#during(isOver, limitMs)) return;
    throw new Violation(what, stalledBy(this.machine, this.#clients.underWay, limitMs));
  }

  *#comeTrue(within: number): Generator<void, void> {
    for (const [name, check] of Object.entries(this.#scenario.eventually ?? {})) {
      let last = "somebody whom boot has spawned has not begun, so that nothing could be looked at";
      const isTrue = (): boolean => {
        const { view } = this.#inspection;
        if (view === undefined) return false;
        try {
          ask(name, check, view);
          return true;
        } catch (violation) {
          if (!(violation instanceof Violation)) throw violation;
          last = violation.message;
          return false;
        }
      };
      if (!(yield* this.#during(isTrue, within))) {
        throw new Violation(name, `${last}, ${within} ms after the faults have stopped`);
      }
    }
  }

  *#stop(): Generator<void, void> {
    let stopped = false;
    const all = this.machine.service.systems.map((system) => system.stop());
    void Promise.all(all).then(() => (stopped = true));
    this.machine.settle();
    this.#inspection.lookAway();
    yield* this.#until(() => stopped, STOP_MS, "systems stop");
  }

  // --- the process ----------------------------------------------------------------------------

  #boot(): void {
    const { service, saboteur } = this.machine;
    const mayFail = saboteur !== null && service.life > 1;
    this.#booting = true;
    const up = (app: App): void => {
      if (!service.alive) return;
      this.#booting = false;
      this.#view = { app, sim: this.sim, history: this.#history };
      if (service.life > 1) this.#lookSoon();
      this.#clients.up(app);
    };
    const booted = new Promise<App>((resolve) => resolve(this.#scenario.boot(this.sim)));
    booted.then(up, (error: unknown) => {
      if (!service.alive) return;
      // One that does not come up under faults is tried again, as its service manager would.
      if (mayFail) this.#endProcess({ how: "crash", downMs: 1_000 });
      else this.#fail("boot succeeds", error);
    });
    this.machine.settle();
  }

  /** Checks look when whoever `boot` has spawned has begun. */
  #lookSoon(): void {
    const { starting } = this.machine.records;
    const haveBegun = (): boolean => starting.every(({ status }) => status !== "starting");
    if (this.#view !== undefined) this.#inspection.lookSoon(this.#view, haveBegun);
  }

  #endProcess({ how, downMs }: Outage): void {
    const { machine } = this;
    if (how === "crash") this.#disk.crashProcess();
    else this.#disk.cutPower();
    machine.crashProcess();
    this.#inspection.crashed();
    this.#history.processCrashed();
    this.#clients.crashed();
    this.#booting = true;
    this.#stage.defaultSystem = undefined;
    machine.service.after(downMs, "boot", () => this.#boot());
  }

  // --- faults ---------------------------------------------------------------------------------

  #arm(): void {
    const { machine } = this;
    const faults = this.#faults;
    this.#choices.arm();
    if (HARMS.some((kind) => faults[kind] !== undefined)) {
      machine.saboteur = new Harm(machine, this.#faults, (outage) => this.#endProcess(outage));
    }
    const rules = messageRules(this.#faults);
    if (rules.length > 0) machine.network = new FaultyNetwork(machine, rules);
  }

  #calm(): void {
    this.machine.saboteur = null;
    // The network stays: what is sent from now on must not overtake what is still on its way.
    this.#choices.calm();
    this.#disk.calm();
  }
}
