import type { Cell } from "../kernel/cell.ts";
import type { Envelope } from "../kernel/envelope.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Router } from "../kernel/router.ts";
import { Scheduler } from "../kernel/scheduler.ts";
import { Stopwatch } from "../kernel/stopwatch.ts";
import { System } from "../kernel/system.ts";
import { Wheel, WheelEntry, type WheelWorld } from "../kernel/wheel.ts";
import { wire, type Parts } from "../kernel/wiring.ts";
import type { SystemOptions, World } from "../index.ts";
import { BUSY, MUST_BEGIN, MUST_END, QUEUED, SENDERS_WAIT, URGENT } from "../kernel/cell.ts";
import { Agenda } from "./agenda.ts";
import { Timers } from "./due.ts";
import type { Machine } from "./machine.ts";

/** Something that the simulation itself has planned, or that code asked the simulated host for. */
export class Moment extends WheelEntry {
  readonly what: string;
  /** A client's, and not the process's: it outlives a crash. */
  readonly ofClient: boolean;
  readonly #fn: () => void;

  constructor(what: string, ofClient: boolean, fn: () => void) {
    super();
    this.what = what;
    this.ofClient = ofClient;
    this.#fn = fn;
  }

  override expire(): void {
    this.#fn();
  }
}

/**
 * One life of the simulated service, from its start to its end or crash.
 *
 * ```text
 *   machine ── ready: who may run now
 *      │
 *      ├── agenda of the clients         stays over crashes
 *      └── service ── agenda             timers, delayed messages, disk operations
 *             └────── kernels            one for each createSystem()
 * ```
 *
 * A crash forgets it: what it had planned does not happen, and its actors have no more turns.
 */
export class Service {
  readonly agenda = new Agenda();
  readonly kernels: Kernel[] = [];
  readonly systems: System[] = [];
  /** 1 for the first. */
  readonly life: number;
  readonly machine: Machine;
  alive = true;
  /** What `defaultSystem()` made in this life. */
  defaultSystem: unknown = undefined;
  readonly world: World;
  readonly #hostTimers = new Timers();
  readonly #parts: Parts;

  constructor(machine: Machine, life: number) {
    this.machine = machine;
    this.life = life;
    this.world = worldOf(this);
    this.#parts = {
      world: () => this.world,
      wheel: (world) => new SimWheel(world, this),
      scheduler: (world, takeTurn) => new SimScheduler(world, takeTurn, this),
      router: (parts) => new SimRouter(parts, machine),
      stopwatch: (world) => new TurnWatch(world, machine),
      // When the host collects garbage is no business of a run that is to be repeated.
      watchCollection: () => () => {},
    };
  }

  /** Makes a system that lives in this process. */
  createSystem(options: SystemOptions): System {
    const kernel = wire(options, this.#parts);
    const system = new System(kernel);
    this.kernels.push(kernel);
    this.systems.push(system);
    this.machine.watchers?.created(system, kernel);
    return system;
  }

  /** Plans something; 0 ms is as soon as its turn comes, behind nobody and before nobody. */
  after(delayMs: number, what: string, fn: () => void): Moment {
    return this.#plan(delayMs, what, fn, null);
  }

  /** Sets a timer of the host's: it keeps the order with others of these. */
  setTimer(delayMs: number, fn: () => void): Moment {
    return this.#plan(delayMs, "host timer", fn, this.#hostTimers);
  }

  #plan(delayMs: number, what: string, fn: () => void, timers: Timers | null): Moment {
    const moment = new Moment(what, false, fn);
    if (this.alive) this.machine.plan(moment, delayMs, this.agenda, { timers });
    return moment;
  }

  cancel(entry: WheelEntry): boolean {
    return this.machine.cancel(entry, this.agenda);
  }

  end(): void {
    this.alive = false;
    this.kernels.length = this.systems.length = 0;
  }
}

function worldOf(service: Service): World {
  const { machine } = service;
  return {
    now: () => machine.now,
    date: () => machine.date(),
    random: () => machine.random(),
    id: () => machine.newId(),
    setTimer: (delayMs, fn) => service.after(delayMs, "timer", fn),
    clearTimer: (timer) => void service.cancel(timer as Moment),
    defer: (fn) => void settled.then(fn),
    yieldToHost: (fn) => void service.after(0, "yield", fn),
  };
}

const settled = Promise.resolve();

/** What is due waits for its turn among the actors; among themselves, timers keep the order of time. */
class SimWheel extends Wheel {
  readonly #service: Service;
  readonly #timers = new Timers();

  constructor(world: WheelWorld, service: Service) {
    super(world);
    this.#service = service;
  }

  override get size(): number {
    return this.#timers.size;
  }

  /** Due at a whole ms, rounded up, and never now: as on a host. */
  override set(entry: WheelEntry, delayMs: number): void {
    const { machine, agenda, alive } = this.#service;
    const { now } = machine;
    if (!alive) return;
    const due = Math.max(Math.floor(now) + 1, Math.ceil(now + delayMs));
    machine.plan(entry, due - now, agenda, { timers: this.#timers });
  }

  override cancel(entry: WheelEntry): boolean {
    return this.#service.cancel(entry);
  }

  override remaining(entry: WheelEntry): number {
    return Math.max(0, entry.due - this.#service.machine.now);
  }
}

/** Puts cells into the machine's line; whose turn it is, the machine decides. */
class SimScheduler extends Scheduler {
  readonly #service: Service;

  constructor(
    world: ConstructorParameters<typeof Scheduler>[0],
    takeTurn: ConstructorParameters<typeof Scheduler>[1],
    service: Service,
  ) {
    super(world, takeTurn);
    this.#service = service;
  }

  override get turns(): number {
    return this.#service.machine.turns;
  }

  /** The deadlines of calls begin when a turn is over: somebody is always about to see to that. */
  override get scheduled(): boolean {
    return true;
  }

  override enqueue(cell: Cell): void {
    const { machine, alive } = this.#service;
    if (machine.turnOf === cell && !hasWork(cell)) {
      cell.flags &= ~QUEUED;
      return;
    }
    cell.flags |= QUEUED;
    if (alive) machine.lineUp(cell);
  }

  /** Not now: who is next is a choice, also where an async handler has just ended. */
  override enqueueNow(cell: Cell): void {
    this.enqueue(cell);
  }
}

/** False where a turn would find nothing to do: it is no choice whether to take that. */
function hasWork({ flags, mailbox, rare }: Cell): boolean {
  if ((flags & (MUST_BEGIN | MUST_END | SENDERS_WAIT)) !== 0 || rare?.stop != null) return true;
  if ((flags & BUSY) !== 0) return false;
  return mailbox.size > 0 || (flags & URGENT) !== 0;
}

/** Shows every message to the machine before it is delivered. */
class SimRouter extends Router {
  readonly #machine: Machine;

  constructor(parts: ConstructorParameters<typeof Router>[0], machine: Machine) {
    super(parts);
    this.#machine = machine;
  }

  override deliver(envelope: Envelope): void {
    const { network } = this.#machine;
    this.#machine.sent(envelope);
    if (network === null || !network.take(envelope, this.#forward)) super.deliver(envelope);
  }

  /** What arrives late, or once more, works for the command that it was sent for. */
  readonly #forward = (envelope: Envelope): void => {
    this.#machine.workFor(envelope);
    super.deliver(envelope);
  };
}

/** Tells the machine what was handled: it stands where development mode has its stopwatch. */
class TurnWatch extends Stopwatch {
  readonly #machine: Machine;

  constructor(world: World, machine: Machine) {
    super(world, Infinity);
    this.#machine = machine;
  }

  override start(): void {}

  override lap(cell: Cell, envelope: Envelope): void {
    this.#machine.handled(cell, envelope);
  }
}
