import { BUSY, type Cell } from "../kernel/cell.ts";
import type { Envelope } from "../kernel/envelope.ts";
import { describeReason, type System, type SystemEvent } from "../index.ts";
import type { ActorRecord } from "./actor-record.ts";
import type { Step } from "./diagram/diagram.ts";
import type { Machine, Watchers } from "./machine.ts";
import { CLIENTS } from "./network.ts";
import { describeFault } from "./describe.ts";
import { show } from "./show.ts";

/** A call whose handler was pending, or had put its reply off, when its turn was over. */
interface OpenCall {
  readonly envelope: Envelope;
  readonly from: string;
  readonly to: string;
}

/** More than anybody reads; what is older is dropped. */
const MOST_STEPS = 2_000;

/** Writes down what happens in a run, for people to read. */
export class Recorder implements Watchers {
  /** The latest steps, in order. */
  steps: Step[] = [];
  readonly #machine: Machine;
  readonly #senders = new WeakMap<Envelope, string>();
  #open: OpenCall[] = [];
  #faults = 0;
  /** A client has begun, or time has passed. */
  #hasBegun = false;
  #life = 1;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Something that concerns everybody. */
  world(text: string): void {
    this.#add({ kind: "world", atMs: this.#machine.now, text });
  }

  #add(step: Step): void {
    if (this.steps.length >= MOST_STEPS) this.steps = this.steps.slice(MOST_STEPS / 2);
    this.steps.push(step);
  }

  /** Faults are on record as soon as they are decided. */
  #noteFaults(): void {
    const { faults } = this.#machine.choices.record();
    for (; this.#faults < faults.length; this.#faults++) {
      this.world(`fault: ${describeFault(faults[this.#faults]!)}`);
    }
    const { life } = this.#machine.service;
    if (life === this.#life) return;
    this.#life = life;
    this.#open = [];
  }

  created(system: System): void {
    system.on((event) => this.#event(event));
  }

  sent(envelope: Envelope): void {
    this.#noteFaults();
    const { client, command, askers, now } = this.#machine;
    if (client !== null || now > 0) this.#hasBegun = true;
    // Behind an `await` of its, the client is no longer on the stack; but without an async scope it
    // may be an actor that nobody knows of.
    const isKnown = envelope.to.kernel.scope !== undefined;
    const asker = client ?? (isKnown ? askers.get(command) : undefined);
    if (envelope.from === null && asker !== undefined) this.#senders.set(envelope, asker);
  }

  handled(cell: Cell, record: ActorRecord, envelope: Envelope): void {
    this.#noteFaults();
    const { verb, from, call } = envelope;
    const { records, now, turns } = this.#machine;
    const own = verb.internal ? record.label : CLIENTS;
    const who = from === null ? (this.#senders.get(envelope) ?? own) : records.of(from).label;
    this.#add({
      kind: "message",
      atMs: now,
      turn: turns,
      from: who,
      to: record.label,
      verb: verb.name,
      args: verb.internal ? [] : envelope.args,
      call: call !== null,
      ...((cell.flags & BUSY) !== 0 ? { outcome: "waits" as const } : {}),
    });
    if (call !== null) this.#open.push({ envelope, from: who, to: record.label });
  }

  stepped(): void {
    // Who was asked last answers first: an answer that waited for others comes after theirs.
    for (const { envelope, from, to } of this.#open.toReversed()) {
      if (!envelope.call!.settled) continue;
      const { name } = envelope.verb;
      this.#add({ kind: "reply", atMs: this.#machine.now, from: to, to: from, verb: name });
    }
    this.#open = this.#open.filter(({ envelope }) => !envelope.call!.settled);
    // What has been answered before the process crashed is answered.
    this.#noteFaults();
  }

  #event(event: SystemEvent): void {
    // Who is there from the start need not be said to have started.
    if (event.type === "started" && event.restarts === 0 && !this.#hasBegun) return;
    const text = textOf(event);
    if (text === undefined || !("actor" in event)) return;
    const who = this.#life === 1 ? event.actor : `${this.#life}/${event.actor}`;
    this.#add({ kind: "note", atMs: this.#machine.now, who, text });
  }
}

/** What is worth a line in a diagram. */
function textOf(event: SystemEvent): string | undefined {
  switch (event.type) {
    case "started":
      return event.restarts === 0 ? "started" : `started again (${event.restarts})`;
    case "failed":
      return `failed: ${show(event.error)}`;
    case "gaveUp":
      return "gave up restarting";
    case "startFailed":
      return `could not start: ${show(event.error)}`;
    case "ended":
      return `ended: ${describeReason(event.reason)}`;
    case "transition":
      return `${event.to} (${event.by})`;
    case "deadLetter":
      return `never got ${event.verb} (${event.why})`;
    case "overdue":
      return "overdue";
    case "lateReply":
      return `a late reply to ${event.verb}`;
    default:
      return undefined;
  }
}
