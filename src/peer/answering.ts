import type { Cell } from "../kernel/cell.ts";
import { PendingCall, type Answers } from "../kernel/pending-call.ts";
import type { Verb } from "../kernel/verb.ts";
import { REJECT, REPLY } from "../wire/ops.ts";
import type { Outbox } from "./outbox.ts";
import type { OpenStreams } from "./open-streams.ts";

/** What becomes of an answer, where it is not simply sent. */
type Kind = "value" | "stream" | "item";

/** One call of the other side: whoever answers it here, answers there. */
class Answering implements Answers {
  readonly #calls: IncomingCalls;
  readonly #tag: number;
  readonly #until: number;
  readonly #kind: Kind;
  readonly #of: Cell;
  readonly #stream: number;
  readonly #what: string;

  constructor(
    calls: IncomingCalls,
    tag: number,
    until: number,
    of: Cell,
    what: string,
    kind: Kind,
    stream: number,
  ) {
    this.#calls = calls;
    this.#tag = tag;
    this.#until = until;
    this.#kind = kind;
    this.#of = of;
    this.#what = what;
    this.#stream = stream;
  }

  get remainingMs(): number {
    return this.#until === Infinity
      ? Infinity
      : Math.max(0, this.#until - this.#of.kernel.world.now());
  }

  resolve(value: unknown): void {
    const calls = this.#calls;
    // A caller that has left hears of nothing more.
    if (!calls.end(this.#tag)) {
      if (this.#kind === "stream") calls.streams.leave(calls.streams.add(this.#of, value));
      return;
    }
    if (this.#kind === "stream") {
      calls.outbox.say(REPLY, this.#tag, calls.streams.add(this.#of, value));
      return;
    }
    if (this.#kind === "item" && (value as IteratorResult<unknown>).done === true) {
      calls.streams.delete(this.#stream);
    }
    try {
      calls.outbox.tell(
        REPLY,
        `what ${this.#of.behaviour.name}.${this.#what} answers`,
        this.#tag,
        value,
      );
    } catch (error) {
      calls.reject(this.#tag, error);
    }
  }

  reject(error: unknown): void {
    // One that its reader has left is open until the reader says so: its iterator is to be told.
    if (!this.#calls.end(this.#tag)) return;
    if (this.#kind === "item") this.#calls.streams.delete(this.#stream);
    this.#calls.reject(this.#tag, error);
  }
}

/** The calls of the other side that are open here, by its tags. */
export class IncomingCalls {
  readonly #open = new Map<number, PendingCall>();
  readonly outbox: Outbox;
  readonly streams: OpenStreams;

  constructor(outbox: Outbox, streams: OpenStreams) {
    this.outbox = outbox;
    this.streams = streams;
  }

  /** Takes in a call to an actor of this node. */
  open(
    tag: number,
    to: Cell,
    verb: Verb,
    timeoutMs: number,
    kind: Kind = "value",
    stream = 0,
  ): PendingCall {
    const limit = timeoutMs < 0 ? Infinity : timeoutMs;
    const until = limit === Infinity ? Infinity : to.kernel.world.now() + limit;
    const answers = new Answering(this, tag, until, to, verb.name, kind, stream);
    const call = new PendingCall(to, verb, limit, answers);
    this.#open.set(tag, call);
    return call;
  }

  /** False when it has been ended already. */
  end(tag: number): boolean {
    return this.#open.delete(tag);
  }

  reject(tag: number, error: unknown): void {
    this.outbox.report(REJECT, tag, error);
  }

  /** The caller waits no more. */
  left(tag: number): void {
    const call = this.#open.get(tag);
    if (call === undefined) return;
    this.#open.delete(tag);
    call.leave(new Error("the caller has left"));
  }

  /** All callers are gone. */
  close(): void {
    for (const tag of this.#open.keys()) this.left(tag);
  }
}
