import { passOn } from "../kernel/calls.ts";
import type { Cell } from "../kernel/cell.ts";
import { HELD, Envelope } from "../kernel/envelope.ts";
import {
  ActorStoppedError,
  BadInputError,
  DeadlockError,
  MailboxFullError,
} from "../kernel/errors.ts";
import type { DownReason } from "../kernel/exit-reason.ts";
import type { PendingCall } from "../kernel/pending-call.ts";
import type { Verb } from "../kernel/verb.ts";
import { running } from "../kernel/running.ts";
import { LEAVE, PULL } from "../kernel/streams.ts";
import { chainOf, type Chain } from "../kernel/waiting-chain.ts";
import { goesAsItIs } from "../wire/look.ts";
import * as ops from "../wire/ops.ts";
import { kindOfCell, numberOf, type Kind } from "./kinds.ts";
import type { RemoteStream } from "./open-streams.ts";
import type { Peer } from "./peer.ts";

const RESTARTED: DownReason = { kind: "shutdown", detail: "restarted" };
/** A record holds so many, beside all else that is in it. */
const MOST_ARGUMENTS = ops.MOST_PARTS - 8;

/** The way that messages take to one actor in the other node. */
export class Road {
  readonly peer: Peer;
  readonly #cell: Cell;
  /** How the other side knows the receiver: as one of its own, or, negative, as the body of ours. */
  readonly #to: number;
  readonly #kind: Kind;
  #lastVerb: Verb | null = null;
  #lastNumber = 0;
  /** Something has gone this way: a shorter one would let later messages overtake it. */
  used = false;
  /** Where its code runs, when that is in this very node, and nothing has gone the long way. */
  body: Cell | null = null;

  constructor(peer: Peer, cell: Cell, to: number) {
    this.peer = peer;
    this.#cell = cell;
    this.#to = to;
    this.#kind = kindOfCell(cell);
  }

  deliver(envelope: Envelope): void {
    if (this.body !== null) return this.#deliverHere(this.body, envelope);
    this.used = true;
    const { verb, call } = envelope;
    const { window } = this.peer;
    if (call !== null && call.settled) {
      this.#cell.kernel.stats.skippedCalls++;
      return;
    }
    if (verb === PULL || verb === LEAVE) return this.#goOnReading(envelope);
    if (window.isFull && !window.letsIn) return this.#overflow(envelope);
    try {
      this.#append(envelope);
    } catch (error) {
      if (call === null) throw error;
      call.reject(error);
    }
  }

  /** The receiver's code runs here: its messages need not go home first. */
  #deliverHere(body: Cell, { verb, count, first, second, call, from }: Envelope): void {
    if (call !== null && !this.#mayWait(call, body, from)) return;
    body.kernel.router.deliver(new Envelope(body, verb, count, first, second, call, from));
  }

  /** False when the call would wait for itself; then it has been rejected. */
  #mayWait(call: PendingCall, body: Cell, from: Cell | null): boolean {
    if (from !== body || call.more?.waiter != null || running.cell !== body)
      return passOn(call, body);
    call.reject(new DeadlockError(`call ${call.describe()}`, [body.label, body.label]));
    return false;
  }

  /** Appends in place: this is the way of every message, and an array for each would cost more. */
  #append(envelope: Envelope): void {
    const { peer } = this;
    const { outbox } = peer;
    const { verb, call, count, first, second } = envelope;
    if (count > MOST_ARGUMENTS) throw tooMany(this.#cell, verb, count);
    const before = outbox.packer.specials.length;
    // Packed before anything is appended: it may fail, and it may have to tell of refs first.
    const plain = count <= HELD && goesAsItIs(first) && goesAsItIs(second);
    const packed = plain ? null : this.#packAll(envelope);
    const isSpecial = outbox.packer.specials.length > before;
    const number = this.#numberOf(verb);
    const from = peer.numberOfSender(envelope.from);
    if (call === null) this.#beginCast(number, count, from, isSpecial);
    else this.#beginCall(call, number, count, from, isSpecial);
    const { records } = outbox;
    if (packed !== null) records.push(...packed);
    else if (count === 1) records.push(first);
    else if (count === HELD) records.push(first, second);
    peer.window.underWay++;
    outbox.schedule();
  }

  /** The verb before is nearly always this one. */
  #numberOf(verb: Verb): number {
    if (verb !== this.#lastVerb) {
      this.#lastNumber = numberOf(this.#kind, verb);
      this.#lastVerb = verb;
    }
    return this.#lastNumber;
  }

  /** A record of its own, or a part of the last one, where that is of such casts to the same actor. */
  #beginCast(verb: number, count: number, from: number, isSpecial: boolean): void {
    const { outbox } = this.peer;
    const { records, lastCasts } = outbox;
    const hasFrom = from !== 0;
    const head = ops.header(ops.CAST, 2 + (hasFrom ? 1 : 0) + count, isSpecial, verb, hasFrom);
    if (lastCasts >= 0 && count > 0) {
      const last = records[lastCasts] as number;
      if (
        ops.sortOf(last) === ops.sortOf(head) &&
        records[lastCasts + 1] === this.#to &&
        records[lastCasts + 2] === count &&
        (!hasFrom || records[lastCasts + 3] === from) &&
        ops.lengthOf(last) + count <= ops.MOST_PARTS
      ) {
        records[lastCasts] = ops.longer(last, count);
        return;
      }
    }
    outbox.lastCasts = records.length;
    if (hasFrom) records.push(head, this.#to, count, from);
    else records.push(head, this.#to, count);
  }

  #beginCall(
    call: PendingCall,
    verb: number,
    count: number,
    from: number,
    isSpecial: boolean,
  ): void {
    const { outbox, questions } = this.peer;
    const { records } = outbox;
    const { remainingMs } = call;
    const limit = remainingMs === Infinity ? -1 : remainingMs;
    const opens = this.#kind.verbs[verb]!.kind === "stream";
    const hasFrom = from !== 0;
    const chain = chainFor(call);
    const more = (hasFrom ? 1 : 0) + (chain === null ? 0 : 1);
    const head = ops.header(ops.CALL, 3 + more + count, isSpecial, verb, hasFrom);
    outbox.lastCasts = -1;
    const tag = questions.call(call, opens);
    records.push(chain === null ? head : ops.withChain(head), this.#to, tag, limit);
    if (chain !== null) records.push(chain);
    if (hasFrom) records.push(from);
  }

  #packAll({ verb, args }: Envelope): unknown[] {
    const { packer } = this.peer.outbox;
    const what = `${this.#cell.label}, ${verb.name}: argument`;
    return packer.together(() => args.map((value, i) => packer.pack(value, `${what} ${i + 1}`)));
  }

  /** The next item of a stream, or no more of it. */
  #goOnReading({ call, first }: Envelope): void {
    const { questions, outbox } = this.peer;
    const { number, peer } = first as RemoteStream;
    if (peer !== this.peer) {
      // The actor runs in another node now: over there, the number is somebody else's stream.
      call?.reject(new ActorStoppedError(this.#cell.label, "stream", RESTARTED));
    } else if (call === null) {
      outbox.say(ops.LEAVE, number);
    } else {
      const { remainingMs } = call;
      const limit = remainingMs === Infinity ? -1 : remainingMs;
      outbox.say(ops.PULL, questions.call(call, false), limit, number);
    }
  }

  /** A message too many: the receiver's policy, applied where it is sent. */
  #overflow(envelope: Envelope): void {
    const { verb, call, args } = envelope;
    const { label, kernel, options } = this.#cell;
    const { size } = this.peer.window;
    kernel.stats.overflows++;
    if (kernel.events.wants("overflow")) {
      const policy = options.whenFull;
      kernel.events.emit({ type: "overflow", actor: label, verb: verb.name, policy });
    }
    const what = `the way to ${this.peer.name}`;
    const error = new MailboxFullError(label, verb.name, args, size, what);
    if (call !== null) call.reject(error);
    else if (options.whenFull === "reject") throw error;
    // What is under way cannot be called back, so that of the two policies only one is left.
    else kernel.router.deadLetter(envelope, "window full");
  }
}

function tooMany({ label }: Cell, { name }: Verb, count: number): BadInputError {
  return new BadInputError(
    `${label}, ${name}: ${count} arguments are more than the ${MOST_ARGUMENTS} that go to another thread; put them into an array`,
  );
}

/** Who waits for the one who waits for a call; null where nobody knows. */
function chainFor({ more }: PendingCall): Chain | null {
  if (more === null) return null;
  return more.waiter === null ? more.chain : chainOf(more.waiter);
}
