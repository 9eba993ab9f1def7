import { FOREIGN, type Cell } from "../kernel/cell.ts";
import { identityOf } from "../kernel/door.ts";
import { Envelope, HELD } from "../kernel/envelope.ts";
import { DeadlockError, MailboxFullError } from "../kernel/errors.ts";
import { NOPROC, type ExitReason } from "../kernel/exit-reason.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { PendingCall } from "../kernel/pending-call.ts";
import { checkMessage } from "../kernel/schema.ts";
import { openerOf, PULL } from "../kernel/streams.ts";
import type { Verb } from "../kernel/verb.ts";
import { farCircle, type Chain } from "../kernel/waiting-chain.ts";
import { Unpacker } from "../wire/codec.ts";
import * as ops from "../wire/ops.ts";
import { IncomingCalls } from "./answering.ts";
import { hearErrands } from "./errands.ts";
import { Exports } from "./exports.ts";
import { Imports } from "./imports.ts";
import { kindOfCell, KindsHeard, KindsTold } from "./kinds.ts";
import { OpenStreams } from "./open-streams.ts";
import { Outbox } from "./outbox.ts";
import { Questions } from "./questions.ts";
import { Reader } from "./reader.ts";
import { RefsOf } from "./refs.ts";
import { dealWithRefused } from "./refused.ts";
import { StubDoor } from "./stub-door.ts";
import type { Batch, Transport } from "./transport.ts";
import { Window } from "./window.ts";

/** How one end of a connection is made. */
export interface PeerOptions {
  /** The other side's, in errors: `threads#0`. */
  readonly name: string;
  /** Messages that may be under way to it. */
  readonly window: number;
}

/** Hears that a connection is gone; `gone`, where it is still to come, is when the other side is. */
export type OnClose = (reason: ExitReason, error: Error, gone: Promise<unknown> | null) => void;

/** Takes in a record of one sort. */
export type Hear = (reader: Reader) => void;

/**
 * One end of a connection between two nodes: a thread and the one that started it, or two machines.
 *
 * ```text
 *   ref ► router ► road ─► outbox ══ transport ══► receive ► router ► mailbox
 *                            ▲                        │
 *            answering ──────┘                        └──► questions ► the caller's promise
 * ```
 *
 * Both ends are the same. What each knows of the other's actors stands in two tables: `exports`,
 * those of this side that the other may send to, and `imports`, the stubs of those of the other.
 */
export class Peer {
  readonly kernel: Kernel;
  readonly name: string;
  readonly outbox: Outbox;
  readonly exports: Exports;
  readonly imports: Imports;
  readonly window: Window;
  readonly questions: Questions;
  readonly calls: IncomingCalls;
  readonly streams = new OpenStreams();
  readonly #refs: RefsOf;
  readonly #hear: Hear[] = [];
  /** The cell that runs the code of an actor of the other side, by the number of its stub. */
  readonly bodies = new Map<number, Cell>();
  readonly #onClose: OnClose[] = [];
  #onStubDown: ((number: number) => void) | null = null;
  /** Told when the props with which an actor was to begin there could not be carried. */
  onPropsRefused: ((number: number, error: unknown, isThere: boolean) => void) | null = null;
  closed = false;

  constructor(kernel: Kernel, transport: Transport, { name, window }: PeerOptions) {
    this.kernel = kernel;
    this.name = name;
    this.#refs = new RefsOf(this);
    this.outbox = new Outbox(kernel.world, transport, this.#refs, (record, error) =>
      dealWithRefused(this, record, error),
    );
    const kindsHeard = new KindsHeard();
    this.exports = new Exports(new KindsTold(this.outbox), this.outbox, (cell) =>
      this.streams.drop(cell),
    );
    this.imports = new Imports(kernel, kindsHeard, this.outbox, (stub, number) => {
      return new StubDoor(this, stub, number);
    });
    this.window = new Window(window, this.outbox);
    this.questions = new Questions(this);
    this.calls = new IncomingCalls(this.outbox, this.streams);
    this.on(ops.KIND, (reader) => kindsHeard.hear(reader));
    this.on(ops.EXPORT, (reader) => this.imports.hear(reader));
    this.on(ops.UNREF, (reader) => this.exports.unref(reader.next(), reader.next()));
    this.on(ops.DOWN, (reader) => this.#hearDown(reader.next(), reader.value() as ExitReason));
    this.on(ops.ACK, (reader) => this.window.acknowledged(reader.next()));
    this.on(ops.CAST, (reader) => this.#hearCasts(reader));
    this.on(ops.CALL, (reader) => this.#hearCall(reader));
    this.on(ops.PULL, (reader) => this.#hearPull(reader));
    this.on(ops.LEAVE, (reader) => this.streams.leave(reader.next()));
    this.on(ops.REPLY, (reader) => this.questions.answered(reader.next(), reader.value()));
    this.on(ops.REJECT, (reader) => this.questions.failed(reader.next(), reader.value()));
    this.on(ops.NOBODY, (reader) => this.questions.gone(reader.next(), NOPROC));
    this.on(ops.LEFT, (reader) => this.calls.left(reader.next()));
    this.on(ops.PING, (reader) => this.outbox.say(ops.REPLY, reader.next(), undefined));
    hearErrands(this);
  }

  /** Calls `onAnswer` when the other side's event loop has turned. */
  ping(onAnswer: () => void): void {
    const { tag, answer } = this.questions.ask();
    this.outbox.say(ops.PING, tag);
    answer.then(onAnswer, onAnswer);
  }

  /** Says who takes in the records of one sort. */
  on(op: number, hear: Hear): void {
    this.#hear[op] = hear;
  }

  /** Calls `fn` when the connection is gone, before its stubs end. */
  onClose(fn: OnClose): void {
    this.#onClose.push(fn);
  }

  /** Calls `fn` with the number of a stub whose actor has ended, before the stub does. */
  onStubDown(fn: (number: number) => void): void {
    this.#onStubDown = fn;
  }

  #hearDown(number: number, reason: ExitReason): void {
    this.#onStubDown?.(number);
    this.imports.down(number, reason);
  }

  /**
   * Takes in a batch. Called by whoever has the transport, with nothing of an actor on the stack.
   *
   * False when no more should be brought before the host has had a turn, where that can be helped.
   */
  receive([records, specials]: Batch): boolean {
    if (this.closed) return true;
    const hasTime = this.kernel.scheduler.goOn();
    const reader = new Reader(
      records,
      specials === null ? null : new Unpacker(specials, this.#refs),
    );
    while (reader.advance()) this.#hearOne(reader);
    this.window.settle();
    return hasTime;
  }

  /** A record that we do not understand, or that is a mistake of ours, costs no other its hearing. */
  #hearOne(reader: Reader): void {
    try {
      this.#hear[ops.opOf(reader.head)]!(reader);
    } catch (error) {
      const { stats, log } = this.kernel;
      stats.deadLetters++;
      const op = ops.opOf(reader.head);
      log.logger.error({ actor: this.name, op, error }, "what it said could not be acted upon");
    }
  }

  /** The other side is gone: all that was there has ended so, and whoever waits for it hears of it. */
  close(reason: ExitReason, error: Error, gone: Promise<unknown> | null = null): void {
    if (this.closed) return;
    this.closed = true;
    this.outbox.close();
    for (const fn of this.#onClose) fn(reason, error, gone);
    this.questions.close(reason, error);
    this.imports.close(reason);
    this.exports.close();
    this.calls.close();
    this.streams.close();
    this.window.close();
    this.kernel.stats.deadLetters += this.window.underWay;
  }

  /** How the other side knows a sender, where it does: its own as a positive number. */
  numberOfSender(from: Cell | null): number {
    if (from === null) return 0;
    const sender = identityOf(from);
    if ((sender.flags & FOREIGN) !== 0) return this.imports.numberOf(sender);
    return -this.exports.known(sender);
  }

  /** The actor here that a number of the other side means. */
  receiver(number: number): Cell | undefined {
    return number > 0 ? this.exports.at(number) : this.bodies.get(-number);
  }

  /** The sender that the other side means by a number; null where it is not known. */
  senderOf(number: number): Cell | null {
    if (number === 0) return null;
    return (number > 0 ? this.exports.at(number) : this.imports.get(-number)) ?? null;
  }

  #sender(reader: Reader): Cell | null {
    return ops.hasFrom(reader.head) ? this.senderOf(reader.next()) : null;
  }

  #hearCasts(reader: Reader): void {
    const to = this.receiver(reader.next());
    const count = reader.next<number>();
    const from = this.#sender(reader);
    const casts = count === 0 ? 1 : reader.left / count;
    this.window.arrived(casts);
    if (to === undefined) {
      this.kernel.stats.deadLetters += casts;
      return;
    }
    const verb = verbIn(to, reader);
    for (let i = 0; i < casts; i++) this.#hearCast(to, verb, count, reader, from);
  }

  #hearCast(to: Cell, verb: Verb, count: number, reader: Reader, from: Cell | null): void {
    let envelope: Envelope | null = null;
    try {
      envelope = envelopeFor(to, verb, count, reader, null, from);
      this.kernel.router.deliver(envelope);
    } catch (error) {
      // Its sender is elsewhere, and has gone on: what was to be thrown at it is counted.
      const why = error instanceof MailboxFullError ? "mailbox full" : String(error);
      envelope ??= Envelope.of(to, verb, [], null, from);
      this.kernel.router.deadLetter(envelope, why);
    }
  }

  #hearCall(reader: Reader): void {
    const to = this.receiver(reader.next());
    const tag = reader.next<number>();
    const timeoutMs = reader.next<number>();
    const chain = ops.hasChain(reader.head) ? reader.next<readonly string[]>() : null;
    const from = this.#sender(reader);
    this.window.arrived(1);
    if (to === undefined) return this.outbox.say(ops.NOBODY, tag);
    const verb = verbIn(to, reader);
    const opens = verb.kind === "stream";
    const call = this.calls.open(tag, to, verb, timeoutMs, opens ? "stream" : "value");
    if (chain !== null && closesFarCircle(call, chain, to)) return;
    try {
      this.kernel.router.deliver(envelopeFor(to, verb, reader.left, reader, call, from));
    } catch (error) {
      call.reject(error);
    }
  }

  #hearPull(reader: Reader): void {
    const tag = reader.next<number>();
    const timeoutMs = reader.next<number>();
    const number = reader.next<number>();
    const stream = this.streams.get(number);
    if (stream === undefined) return this.outbox.say(ops.NOBODY, tag);
    const { of, writer } = stream;
    const call = this.calls.open(tag, of, PULL, timeoutMs, "item", number);
    this.kernel.router.deliver(Envelope.of(of, PULL, [writer], call, null));
  }
}

/** Rejects a call of one whom the receiver, over other nodes, waits for. */
function closesFarCircle(call: PendingCall, chain: Chain, to: Cell): boolean {
  call.extra.chain = chain;
  const circle = farCircle(chain, to);
  if (circle === null) return false;
  call.reject(new DeadlockError(`call ${call.describe()}`, circle));
  return true;
}

function verbIn(to: Cell, reader: Reader): Verb {
  return kindOfCell(to).verbs[ops.verbOf(reader.head)]!;
}

/** What was sent, as it is delivered here; checked, where the receiver's definition has schemas. */
function envelopeFor(
  to: Cell,
  verb: Verb,
  count: number,
  reader: Reader,
  call: PendingCall | null,
  from: Cell | null,
): Envelope {
  const sent = verb.kind === "stream" ? openerOf(verb) : verb;
  const { schemas } = to.behaviour;
  if (schemas !== null) {
    const args = checkMessage(to.behaviour, verb.name, reader.values(count));
    return Envelope.of(to, sent, args, call, from);
  }
  if (count > HELD) return Envelope.of(to, sent, reader.values(count), call, from);
  const first = count === 0 ? undefined : reader.value();
  const second = count === HELD ? reader.value() : undefined;
  return new Envelope(to, sent, count, first, second, call, from);
}
