import { LoopInbox } from "../behaviours/inbox.ts";
import { BUSY, SENDERS_WAIT, URGENT, type Cell } from "../kernel/cell.ts";
import { Envelope } from "../kernel/envelope.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { EnvelopeQueue } from "../kernel/queue.ts";
import { isThenable, Verb, type Loose } from "../kernel/verb.ts";
import type { ActorRecord } from "./actor-record.ts";
import type { Chance } from "./chance.ts";
import { matcher, type ActorFault, type Faults, type Who } from "./faults.ts";
import type { Machine, Saboteur } from "./machine.ts";

/** What an actor that was made to crash fails with. */
export class InjectedCrash extends Error {
  constructor(when: "before" | "after", verb: string) {
    super(`the simulation made ${verb} fail, ${when} it did its work`);
    this.name = "InjectedCrash";
  }
}

/** Somebody to be killed so many steps later, if the same handler or hook is pending then. */
interface Victim {
  readonly cell: Cell;
  /** Null where the turn that is to come begins one. */
  incarnation: Incarnation | null;
  stepsLeft: number;
}

/** A kill in the middle of an async handler comes at most so many steps after its turn. */
const MOST_STEPS = 12;
const DOWN_MS = [0, 1_000] as const;

type Hits = (label: string, kind: string) => boolean;

/** How the process ended, and for how long it is down. */
export interface Outage {
  readonly how: "crash" | "power cut";
  readonly downMs: number;
}

/** Crashes, kills and slows down actors, and the process as a whole. */
export class Harm implements Saboteur {
  readonly #machine: Machine;
  readonly #faults: Faults;
  readonly #onOutage: (outage: Outage) => void;
  readonly #crashes: Hits;
  readonly #kills: Hits;
  readonly #slows: Hits;
  #victims: Victim[] = [];
  #slowMs = 0;

  constructor(machine: Machine, faults: Faults, onOutage: (outage: Outage) => void) {
    this.#machine = machine;
    this.#faults = faults;
    this.#onOutage = onOutage;
    this.#crashes = matcher(whoOf(faults.crash));
    this.#kills = matcher(whoOf(faults.kill));
    this.#slows = matcher(faults.slow?.who);
  }

  beforeTurn(record: ActorRecord): void {
    const { cell } = record;
    // The root is no actor of anybody's.
    if (cell.parent === null) return;
    const { crash, kill, slow } = this.#faults;
    if (kill !== undefined) this.#maybeKill(cell, record);
    if (crash !== undefined) this.#maybeCrash(cell, record);
    if (slow !== undefined && this.#slows(record.label, cell.behaviour.name)) {
      this.#slowMs =
        this.#decide("slow", record, (chance) =>
          chance.bool(slow.chance) ? chance.int(...slow.ms) : undefined,
        ) ?? 0;
    }
  }

  afterStep(): void {
    if (this.#slowMs > 0) {
      this.#machine.spend(this.#slowMs);
      this.#slowMs = 0;
    }
    if (this.#victims.length > 0) this.#killVictims();
    // Also between two awaits of a handler; but there has to be something that can crash.
    const { systems } = this.#machine.service;
    if (this.#faults.process !== undefined && systems.length > 0) this.#maybeEndProcess();
  }

  beforeTime(due: number): number {
    const { clock, stall } = this.#faults;
    const { choices, command } = this.#machine;
    let at = due;
    if (clock !== undefined) {
      const jump = choices.faultAt("clock", "wall clock", command, (chance) =>
        chance.bool(clock.chance) ? chance.int(...clock.jumpMs) : undefined,
      );
      if (jump !== undefined) this.#machine.jump(jump);
    }
    if (stall !== undefined) {
      at +=
        choices.faultAt("stall", "process", command, (chance) =>
          chance.bool(stall.chance) ? chance.int(...stall.ms) : undefined,
        ) ?? 0;
    }
    return at;
  }

  #decide<T>(
    kind: string,
    record: ActorRecord,
    draw: (chance: Chance) => T | undefined,
  ): T | undefined {
    const { label, command, nth } = record;
    return this.#machine.choices.fault({ kind, place: label, command, nth }, draw);
  }

  /** Now, before what it would do in this turn, or some steps later, where something is pending. */
  #maybeKill(cell: Cell, record: ActorRecord): void {
    if (!this.#kills(record.label, cell.behaviour.name)) return;
    const chanceOf = probability(this.#faults.kill);
    const steps = this.#decide("kill", record, (chance) =>
      chance.bool(chanceOf) ? (chance.bool(0.5) ? 0 : chance.int(1, MOST_STEPS)) : undefined,
    );
    const { incarnation } = cell;
    if (steps === undefined) return;
    if (steps > 0) this.#victims.push({ cell, incarnation, stepsLeft: steps });
    else if (incarnation !== null) this.#kill(cell);
  }

  #kill(cell: Cell): void {
    cell.kernel.kill(cell);
    this.#machine.settle();
  }

  #killVictims(): void {
    const due: Victim[] = [];
    this.#victims = this.#victims.filter((victim) => {
      victim.incarnation ??= victim.cell.incarnation;
      if (--victim.stepsLeft > 0) return true;
      due.push(victim);
      return false;
    });
    for (const { cell, incarnation } of due) {
      if (incarnation === null || incarnation.over) continue;
      if (cell.incarnation === incarnation) this.#kill(cell);
    }
  }

  #maybeCrash(cell: Cell, record: ActorRecord): void {
    // Only where the next message in the mailbox is what its turn is about.
    if ((cell.flags & (BUSY | URGENT | SENDERS_WAIT)) !== 0 || cell.mailbox.size === 0) return;
    // Ticks, items and the like do work of the kernel's too, which does not fail.
    if (cell.mailbox.head!.verb.internal) return;
    if (!this.#crashes(record.label, cell.behaviour.name)) return;
    const chanceOf = probability(this.#faults.crash);
    const when = this.#decide("crash", record, (chance) =>
      chance.bool(chanceOf) ? chance.pick(whenItCanFail(cell)) : undefined,
    );
    if (when !== undefined) this.#failNext(cell, when);
  }

  /** Has the next message fail when it is handled. */
  #failNext(cell: Cell, when: "before" | "after"): void {
    const envelope = cell.mailbox.shift()!;
    const { to, verb, count, first, second, call, from } = envelope;
    const failed = new Envelope(to, failing(verb, when), count, first, second, call, from);
    this.#machine.workFor(failed, this.#machine.commandOf(envelope));
    const line = new EnvelopeQueue();
    line.push(failed);
    cell.mailbox.prepend(line);
  }

  #maybeEndProcess(): void {
    const { crash = 0, powerCut = 0, downMs = DOWN_MS } = this.#faults.process!;
    const { choices, command } = this.#machine;
    const outage = choices.faultAt<Outage>("process", "process", command, (chance) => {
      const drawn = chance.next();
      if (drawn >= crash + powerCut) return undefined;
      return { how: drawn < crash ? "crash" : "power cut", downMs: chance.int(...downMs) };
    });
    if (outage === undefined) return;
    this.#victims = [];
    this.#onOutage(outage);
    // Clients hear of it now, and not behind whatever comes next.
    this.#machine.settle();
  }
}

/** What a loop has received it handles as it likes: only its taking the message can fail. */
function whenItCanFail({ incarnation }: Cell): readonly ("before" | "after")[] {
  return incarnation?.lastState instanceof LoopInbox ? ["before"] : ["before", "after"];
}

function whoOf(fault: number | ActorFault | undefined): Who | undefined {
  return typeof fault === "object" ? fault.who : undefined;
}

function probability(fault: number | ActorFault | undefined): number {
  return typeof fault === "object" ? fault.chance : (fault ?? 0);
}

/** The verb with another handler: one that fails. */
function failing(verb: Verb, when: "before" | "after"): Verb {
  const handler = verb.handler as Loose;
  const fail = (): never => {
    throw new InjectedCrash(when, verb.name);
  };
  const failed: Loose =
    when === "before"
      ? fail
      : (ctx, ...args) => {
          const result = handler(ctx, ...args);
          return isThenable(result) ? Promise.resolve(result).then(fail) : fail();
        };
  const copy = new Verb(verb.name, verb.kind, failed, verb.internal ? verb.phase : undefined);
  copy.waits = verb.waits;
  return copy;
}
