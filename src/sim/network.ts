import type { Cell } from "../kernel/cell.ts";
import { Envelope } from "../kernel/envelope.ts";
import { PendingCall } from "../kernel/pending-call.ts";
import { CountByCommand } from "./actor-record.ts";
import type { Chance } from "./chance.ts";
import { matcher, type MessageFaults, type Range } from "./faults.ts";
import type { Machine, Network } from "./machine.ts";

/** What senders from outside of all actors are called. */
export const CLIENTS = "clients";

type Deliver = (envelope: Envelope) => void;

/** From one sender to one receiver, where something may happen on the way. */
interface Link {
  readonly place: string;
  readonly rule: MessageFaults;
  /** Kept in order and not there yet, the oldest first. */
  readonly late: Envelope[];
  /** When the last of them arrives. */
  busyUntil: number;
  /** Messages so far. */
  readonly messages: CountByCommand;
  /** Which message it is that something is decided about. */
  nth: number;
}

interface Rule {
  readonly faults: MessageFaults;
  readonly from: (label: string, kind: string) => boolean;
  readonly to: (label: string, kind: string) => boolean;
}

/**
 * Loses, delays, duplicates and reorders messages between actors that the user has named.
 *
 * Every message of a link is counted, so that a decision says which it is about. An actor's messages
 * to itself, the kernel's own and streams are left alone.
 */
export class FaultyNetwork implements Network {
  readonly #machine: Machine;
  readonly #rules: readonly Rule[];
  /** By receiver, then by sender; null where no rule is for them. */
  readonly #links = new Map<Cell, Map<Cell | null, Link | null>>();

  constructor(machine: Machine, rules: readonly MessageFaults[]) {
    this.#machine = machine;
    this.#rules = rules.map((faults) => ({
      faults,
      from: matcher(faults.from),
      to: matcher(faults.to),
    }));
  }

  take(envelope: Envelope, deliver: Deliver): boolean {
    const { from, to, verb } = envelope;
    if (verb.internal || verb.kind === "stream" || from === to) return false;
    const link = this.#linkBetween(from, to);
    if (link === null) return false;
    link.nth = link.messages.next(this.#machine.command);
    const { loss = 0, duplicate = 0 } = link.rule;
    if (this.#decide(link, "lost", (chance) => chance.bool(loss) || undefined)) return true;
    const sent = envelope.call === null ? envelope : this.#withFaultyReply(link, envelope);
    const twice = this.#decide(link, "twice", (chance) => chance.bool(duplicate) || undefined);
    this.#send(link, "late", sent, deliver);
    if (twice) this.#send(link, "copy late", copyOf(envelope), deliver);
    return true;
  }

  #linkBetween(from: Cell | null, to: Cell): Link | null {
    let links = this.#links.get(to);
    if (links === undefined) this.#links.set(to, (links = new Map()));
    let link = links.get(from);
    if (link === undefined) links.set(from, (link = this.#find(from, to)));
    return link;
  }

  #find(from: Cell | null, to: Cell): Link | null {
    const { records } = this.#machine;
    const sender = from === null ? CLIENTS : records.of(from).label;
    const kind = from === null ? CLIENTS : from.behaviour.name;
    const receiver = records.of(to).label;
    const rule = this.#rules.find(
      (each) => each.from(sender, kind) && each.to(receiver, to.behaviour.name),
    );
    if (rule === undefined) return null;
    return {
      place: `${sender} to ${receiver}`,
      rule: rule.faults,
      late: [],
      busyUntil: 0,
      messages: new CountByCommand(),
      nth: 0,
    };
  }

  #decide<T>(link: Link, kind: string, draw: (chance: Chance) => T | undefined): T | undefined {
    const { choices, command } = this.#machine;
    return choices.fault(
      { kind: `message.${kind}`, place: link.place, command, nth: link.nth },
      draw,
    );
  }

  /** Delivers a message when it arrives: now, or later, behind those that were sent before it. */
  #send(link: Link, kind: string, envelope: Envelope, deliver: Deliver): void {
    const { now, service } = this.#machine;
    const { delay, reorder } = link.rule;
    const astray = this.#decide(link, `${kind}, out of order`, drawDelay(reorder));
    if (astray !== undefined) {
      service.after(astray, "message", () => arriveAt(envelope, deliver));
      return;
    }
    const late = this.#decide(link, kind, drawDelay(delay));
    if (late === undefined && link.late.length === 0) {
      deliver(envelope);
      return;
    }
    link.late.push(envelope);
    link.busyUntil = Math.max(now + (late ?? 0), link.busyUntil);
    // Whichever of those that are due at one time has its turn: who was sent first arrives.
    service.after(link.busyUntil - now, "message", () => arriveAt(link.late.shift()!, deliver));
  }

  /** A call whose reply may be lost or late is answered to somebody who passes the answer on. */
  #withFaultyReply(link: Link, envelope: Envelope): Envelope {
    const { loss = 0, delay, reorder } = link.rule;
    const lost = this.#decide(link, "reply lost", (chance) => chance.bool(loss) || undefined);
    const late = this.#decide(link, "reply late", drawDelay(delay ?? reorder));
    if (lost === undefined && late === undefined) return envelope;
    const { to, verb, count, first, second, from } = envelope;
    const call = envelope.call!;
    const relay = new PendingCall(to, verb, Infinity);
    const pass = (settle: () => void): void => {
      if (lost === undefined) this.#machine.service.after(late ?? 0, "reply", settle);
    };
    relay.promise.then(
      (value) => pass(() => call.resolve(value)),
      (error: unknown) => pass(() => call.reject(error)),
    );
    return new Envelope(to, verb, count, first, second, relay, from);
  }
}

function drawDelay(
  fault: { readonly chance: number; readonly ms: Range } | undefined,
): (chance: Chance) => number | undefined {
  if (fault === undefined) return () => undefined;
  return (chance) => (chance.bool(fault.chance) ? chance.int(...fault.ms) : undefined);
}

/** Nobody is at work then: a full mailbox that rejects a cast has nobody to throw at. */
function arriveAt(envelope: Envelope, deliver: Deliver): void {
  try {
    deliver(envelope);
  } catch {
    envelope.to.kernel.router.deadLetter(envelope, "mailbox full");
  }
}

/** The same message once more; nobody waits for its answer. */
function copyOf({ to, verb, count, first, second, call, from }: Envelope): Envelope {
  const nobody = call === null ? null : new PendingCall(to, verb, call.timeoutMs);
  return new Envelope(to, verb, count, first, second, nobody, from);
}
