import { BUSY, type Cell } from "../kernel/cell.ts";
import type { Envelope } from "../kernel/envelope.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { running } from "../kernel/running.ts";
import type { System } from "../kernel/system.ts";
import { takeTurn } from "../kernel/turn.ts";
import type { WheelEntry } from "../kernel/wheel.ts";
import { ActorRecords, CountByCommand, type ActorRecord } from "./actor-record.ts";
import { Agenda } from "./agenda.ts";
import { Chance } from "./chance.ts";
import type { Choices } from "./choices.ts";
import { Due, type Timers } from "./due.ts";
import { Line } from "./line.ts";
import { Moment, Service } from "./service.ts";
import { hashNumber, hashValue, RollingHash } from "./trace.ts";
import { Verbs } from "./verbs.ts";

/** The first of January 2020, so that dates look like dates; the same in every run. */
const EPOCH = 1_577_836_800_000;
/** `WheelEntry.slot` of one that is due and waits for its turn. */
const IN_LINE = -2;
/** What a turn without a message adds to the trace. */
const SILENT = 0x5bd1e995;

/** A message or a plan that was made for a command; a field, as a weak map takes a fifteenth of a run. */
type Tagged = (Envelope | WheelEntry) & {
  command?: number;
  /** Of a timer: which others it keeps the order with, and in which step it was set. */
  timers?: Timers;
  step?: number;
};

/** How something is planned. */
interface PlanOptions {
  readonly command?: number;
  readonly timers?: Timers | null;
}

/** Who is shown what happens: checks, and the record from which a failure is drawn. */
export interface Watchers {
  /** A system was made, in the present life of the process. */
  created(system: System, kernel: Kernel): void;
  /** A message is on its way; before it is delivered, or lost. */
  sent(envelope: Envelope): void;
  /** A handler has returned, or is pending, or has thrown. */
  handled(cell: Cell, record: ActorRecord, envelope: Envelope): void;
  /** A step is over, and everything that it brought about. Throws where something does not hold. */
  stepped(): void;
}

/** Stands between senders and mailboxes; false where it leaves a message to the usual way. */
export interface Network {
  take(envelope: Envelope, deliver: (envelope: Envelope) => void): boolean;
}

/** Does harm around turns. */
export interface Saboteur {
  beforeTurn(record: ActorRecord): void;
  /** After it, and after each other step: things that were to happen so many steps later. */
  afterStep(): void;
  /** Before time goes on to `due`; answers to when it goes instead. */
  beforeTime(due: number): number;
}

/**
 * The simulated machine: what time it is, who may run, and who does.
 *
 * ```text
 *   step:  nobody in line? ── time jumps to what is due next
 *          choose one of those in line ── an actor's turn, or something that is due
 *          run it, and every microtask that it brings about
 *          show the watchers
 * ```
 *
 * All of it is synchronous: the host's event loop has no turn in between.
 */
export class Machine {
  now = 0;
  /** Steps so far: turns, and things that were due. */
  steps = 0;
  turns = 0;
  /** The actor whose turn it is. */
  turnOf: Cell | null = null;
  /** `client 2`, while its own code is on the stack. */
  client: string | null = null;
  /** Which client asked for a command, by the command's seed. */
  readonly askers = new Map<number, string>();
  watchers: Watchers | null = null;
  network: Network | null = null;
  saboteur: Saboteur | null = null;
  readonly choices: Choices;
  /** The seed of the client's command that the present step works for; 0 for none. */
  command = 0;
  readonly ready = new Line<ActorRecord | Due>();
  /** What clients wait for: they outlive the process. */
  readonly clients = new Agenda();
  readonly records = new ActorRecords();
  readonly trace = new RollingHash();
  /** Handlers that were pending when their turn was over; pruned when looked at. */
  readonly pending = new Map<Cell, Envelope>();
  service: Service;
  readonly #drain: () => void;
  readonly #chance: Chance;
  readonly #verbs = new Verbs();
  readonly #dues = new Map<string, CountByCommand>();
  #orders = 0;
  #ids = 0;
  #dateOffsetMs = 0;
  /** A message was handled in this turn. */
  #heard = false;

  constructor(choices: Choices, drain: () => void) {
    this.choices = choices;
    this.#drain = drain;
    this.#chance = new Chance(choices.random);
    this.service = new Service(this, 1);
  }

  // --- time, chance, names --------------------------------------------------------------------

  date(): number {
    return Math.floor(EPOCH + this.now + this.#dateOffsetMs);
  }

  /** Moves the wall clock, not the monotonic one. */
  jump(byMs: number): void {
    this.#dateOffsetMs += byMs;
  }

  random(): number {
    return this.#chance.next();
  }

  newId(): string {
    return `sim-${++this.#ids}`;
  }

  /** When something happens next; now, where somebody is in line. */
  get nextDue(): number {
    if (this.ready.length > 0) return this.now;
    return Math.min(this.service.agenda.nextDue, this.clients.nextDue);
  }

  // --- plans ----------------------------------------------------------------------------------

  plan(
    entry: WheelEntry,
    delayMs: number,
    agenda: Agenda,
    { command = this.command, timers = null }: PlanOptions = {},
  ): void {
    entry.due = this.now + Math.max(0, delayMs);
    entry.order = this.#orders++;
    this.workFor(entry, command);
    if (timers !== null) {
      const planned = entry as Tagged;
      planned.timers = timers;
      planned.step = this.steps;
      timers.size++;
    }
    if (delayMs > 0) agenda.add(entry);
    else this.#lineUpDue(entry);
  }

  cancel(entry: WheelEntry, agenda: Agenda): boolean {
    const { timers } = entry as Tagged;
    if (entry.slot !== IN_LINE) {
      const wasSet = agenda.remove(entry);
      if (wasSet && timers !== undefined) timers.size--;
      return wasSet;
    }
    entry.slot = -1;
    const due = timers?.cancel(entry);
    if (due === undefined) {
      this.#keepInLine((item) => !(item instanceof Due) || item.entry !== entry);
    } else {
      this.ready.remove(due);
      this.choices.left(due);
    }
    return true;
  }

  #keepInLine(wanted: (item: ActorRecord | Due) => boolean): void {
    for (const item of this.ready.keep(wanted)) this.choices.left(item);
  }

  /** Notes for which command a message is sent, or something is planned. */
  workFor(work: Envelope | WheelEntry, command = this.command): void {
    if (command !== 0) (work as Tagged).command = command;
  }

  commandOf(work: Envelope | WheelEntry): number {
    return (work as Tagged).command ?? 0;
  }

  /** An actor has something to do. */
  lineUp(cell: Cell): void {
    const record = this.records.of(cell);
    const { head } = cell.mailbox;
    const command = head === null ? this.command : this.commandOf(head);
    this.#enter(record, command, record.turns);
  }

  #lineUpDue(entry: WheelEntry): void {
    entry.slot = IN_LINE;
    const timers = (entry as Tagged).timers ?? null;
    const due = new Due(entry, entry instanceof Moment ? entry.what : "timer", timers);
    timers?.lineUp(due);
    let count = this.#dues.get(due.label);
    if (count === undefined) this.#dues.set(due.label, (count = new CountByCommand()));
    this.#enter(due, this.commandOf(entry), count);
  }

  #enter(item: ActorRecord | Due, command: number, count: CountByCommand): void {
    item.command = command;
    item.nth = count.next(command);
    item.waits = this.choices.waits(item);
    this.ready.push(item);
  }

  /** In which something happens next. */
  get #soonest(): Agenda {
    const { agenda } = this.service;
    return isSooner(this.clients.next, agenda.next) ? this.clients : agenda;
  }

  /** What is due gets in line, in the order of time. */
  #collectDue(): void {
    for (;;) {
      const agenda = this.#soonest;
      if (agenda.nextDue > this.now) return;
      this.#lineUpDue(agenda.shift());
    }
  }

  /** Lets time pass without a turn for anybody: a handler, or the whole process, was slow. */
  spend(ms: number): void {
    this.now += ms;
    this.#collectDue();
  }

  // --- steps ----------------------------------------------------------------------------------

  /** Takes one step; false where nobody has anything to do, now or ever. */
  step(): boolean {
    const { ready } = this;
    if (ready.length === 0) {
      const due = this.nextDue;
      if (due === Infinity) return false;
      // A fault that time brings is known by what would have been next, and not by how often it passes.
      this.command = this.commandOf(this.#soonest.next!);
      this.now = this.saboteur?.beforeTime(due) ?? due;
      this.command = 0;
      this.#collectDue();
    }
    const next = this.choices.turn(ready);
    this.steps++;
    this.command = next.command;
    if (next instanceof Due) this.#fire(next);
    else this.#turn(next);
    this.#drain();
    this.saboteur?.afterStep();
    this.#beginDeadlines();
    this.command = 0;
    this.watchers?.stepped();
    return true;
  }

  /** Runs what microtasks there are, then begins the time limits of calls that were made. */
  settle(): void {
    this.#drain();
    this.#beginDeadlines();
  }

  #beginDeadlines(): void {
    for (const { deadlines } of this.service.kernels) deadlines.begin();
  }

  #fire(due: Due): void {
    const entry = due.timers?.take(due, stepOf) ?? due.entry;
    entry.slot = -1;
    this.trace.add(hashNumber(this.now));
    entry.expire();
  }

  #turn(record: ActorRecord): void {
    const { cell } = record;
    this.#verbs.beforeTurn(cell);
    this.saboteur?.beforeTurn(record);
    this.turns++;
    this.#heard = false;
    this.turnOf = cell;
    try {
      takeTurn(cell, 1);
    } finally {
      this.turnOf = null;
      running.cell = null;
    }
    if (!this.#heard) this.trace.add(record.hash ^ SILENT);
  }

  /** A message was handled, at least as far as its first `await`. */
  handled(cell: Cell, envelope: Envelope): void {
    // Of a handler that throws, the kernel tells twice.
    if (this.#heard) return;
    this.#heard = true;
    const { verb, count, first, second, from } = envelope;
    const record = this.records.of(cell);
    const { trace } = this;
    const verbHash = this.#verbs.hashOf(verb);
    trace.add(record.hash);
    trace.add(verbHash);
    if (!verb.internal && count > 0) {
      trace.add(hashValue(first));
      if (count === 2) trace.add(hashValue(second));
    }
    record.handled(from === null ? 0 : this.records.of(from).hash, verbHash);
    if ((cell.flags & BUSY) !== 0) this.pending.set(cell, envelope);
    this.watchers?.handled(cell, record, envelope);
  }

  /** A message is on its way. */
  sent(envelope: Envelope): void {
    this.workFor(envelope);
    this.#verbs.sent(envelope.verb);
    this.watchers?.sent(envelope);
  }

  /** Some handler is pending. */
  get isAnyPending(): boolean {
    for (const [cell, envelope] of this.pending) {
      if (cell.current === envelope) return true;
      this.pending.delete(cell);
    }
    return false;
  }

  /** The run is over: who is in line still will have no turn. */
  close(): void {
    this.#keepInLine(() => false);
    this.service.end();
  }

  // --- the process ----------------------------------------------------------------------------

  /** Ends the process at once, as a `kill -9` or a power cut does, and makes room for the next. */
  crashProcess(): Service {
    this.service.end();
    this.pending.clear();
    const next = new Service(this, this.service.life + 1);
    // What clients wait for stays.
    this.#keepInLine((item) => item instanceof Due && isClients(item.entry));
    this.service = next;
    this.records.beginLife(next.life);
    return next;
  }
}

function isClients(entry: WheelEntry): boolean {
  return entry instanceof Moment && entry.ofClient;
}

function stepOf(entry: WheelEntry): number {
  return (entry as Tagged).step ?? 0;
}

function isSooner(a: WheelEntry | undefined, b: WheelEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
