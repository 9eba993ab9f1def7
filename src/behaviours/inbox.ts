import { openCall } from "../kernel/calls.ts";
import type { PendingCall } from "../kernel/pending-call.ts";
import { URGENT, type Cell } from "../kernel/cell.ts";
import type { Envelope } from "../kernel/envelope.ts";
import { NORMAL } from "../kernel/exit-reason.ts";
import type { Belonging } from "../kernel/belonging.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { EnvelopeQueue } from "../kernel/queue.ts";
import { refuse } from "../kernel/errors.ts";
import { Reply, Request } from "../kernel/reply.ts";
import { besideActors } from "../kernel/running.ts";
import { KernelThenable, Verb } from "../kernel/verb.ts";

/** What a pending `receive` rejects with when the actor is to stop: a loop may just let it pass. */
export class InboxClosed extends Error {
  constructor(actor: string) {
    super(`${actor} is to stop: its inbox is closed`);
    this.name = "InboxClosed";
  }
}

/** A stream that somebody opened, on its way to the loop: a call for what is to be streamed. */
const STREAM = new Verb("stream", "call", (ctx: Incarnation) =>
  (ctx.lastState as LoopInbox).offer(ctx.cell.current!),
);

/** The one verb of a loop over messages of one type. */
export const SEND: Verb = new Verb("send", "cast", (ctx: Incarnation) =>
  (ctx.lastState as LoopInbox).offer(ctx.cell.current!),
);

interface Waiting {
  readonly give: (message: unknown) => void;
  readonly closed: () => void;
  readonly failed: (error: unknown) => void;
}

/** Settles again and again, each time for the message at hand; only the cell waits for it. */
class LoopTurn extends KernelThenable {
  done: (() => void) | null = null;

  // oxlint-disable-next-line no-thenable -- it is one, made without a promise for each message
  then(done: () => void): void {
    this.done = done;
  }
}

/**
 * Joins an actor that is handed messages to a function that takes them.
 *
 * ```text
 *   cell: handler pending ◄──────────────┐
 *     │ offer(message)                   │ the loop comes back for more:
 *     ▼                                  │ that message is done
 *   loop: … await receive() ──► works ───┘
 * ```
 *
 * So while the loop works the cell is busy, as with any async handler, and while the loop waits
 * the cell does what else there is: lifecycle events, timers, a stop.
 */
export class LoopInbox implements Belonging {
  place: Belonging["place"] = null;
  readonly #ctx: Incarnation;
  /** Offered before the loop asked for it. */
  #slot: Envelope | null = null;
  #waiting: Waiting | null = null;
  readonly #turn = new LoopTurn();
  #closed = false;
  #run: Promise<void> = Promise.resolve();

  constructor(ctx: Incarnation) {
    this.#ctx = ctx;
    ctx.own(this);
  }

  /** The loop has asked for some messages before others. */
  hasPicked = false;

  // --- the cell's side -------------------------------------------------------------------------

  /** Starts the function, once `init` is done. */
  start(run: () => Promise<void>): Promise<void> {
    this.#run = Promise.resolve().then(run);
    const done = (): void => queueDone(() => this.#endTurn());
    this.#run.then(done, done);
    return this.#run;
  }

  /** Hands over a message; what it returns is settled when the loop comes back for more. */
  offer(envelope: Envelope): object {
    this.#ctx.takeReply();
    const waiting = this.#waiting;
    if (waiting === null) this.#slot = envelope;
    else {
      this.#waiting = null;
      this.#cell.extra.selector = null;
      waiting.give(this.#open(envelope));
    }
    return this.#turn;
  }

  /** Puts a stream that was opened in line, and answers with what the loop will stream. */
  offerStream(type: string, args: readonly unknown[]): AsyncIterable<unknown> {
    const { kernel } = this.#cell;
    const given = besideActors(kernel, () =>
      openCall(this.#cell, STREAM, [type, args], { timeout: Infinity }),
    );
    return lateStream(given as Promise<AsyncIterable<unknown>>);
  }

  /** The `exit` hook: ends the loop's iteration, and waits for what it does behind that. */
  async finished(): Promise<void> {
    this.#closed = true;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.closed();
    if (this.#slot !== null) this.#cell.kernel.router.undeliverable(this.#slot, NORMAL);
    this.#slot = null;
    try {
      await this.#run;
    } catch (error) {
      if (!(error instanceof InboxClosed) && !this.#failed) throw error;
    }
  }

  /** After a kill, a pending `receive` learns of it; any other end waits for `finished`. */
  release(): void {
    if (!this.#ctx.over) return;
    try {
      this.#ctx.check("inbox.receive");
    } catch (error) {
      this.#waiting?.failed(error);
    }
    this.#waiting = null;
  }

  /** The failure is the actor's already, and need not be told again by its `exit` hook. */
  #failed = false;
  failed(): void {
    this.#failed = true;
  }

  // --- the loop's side -------------------------------------------------------------------------

  receive(...types: readonly string[]): Promise<unknown> {
    return new Promise((give, failed) => {
      const closed = (): void => failed(new InboxClosed(this.#ctx.name));
      this.#ask({ give, closed, failed }, types);
    });
  }

  tryReceive(): unknown {
    this.#ctx.check("inbox.tryReceive");
    const envelope = this.#takeSlot() ?? this.#takeWaiting();
    return envelope === null ? undefined : this.#open(envelope);
  }

  get size(): number {
    return this.#cell.mailbox.size + (this.#slot === null ? 0 : 1);
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return {
      next: () =>
        new Promise((resolve, failed) => {
          this.#ask(
            {
              give: (value) => resolve({ done: false, value }),
              closed: () => resolve({ done: true, value: undefined }),
              failed,
            },
            [],
          );
        }),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  #ask(waiting: Waiting, types: readonly string[]): void {
    try {
      this.#ctx.check("inbox.receive");
    } catch (error) {
      waiting.failed(error);
      return;
    }
    if (this.#closed) {
      waiting.closed();
      return;
    }
    const wanted = (envelope: Envelope): boolean =>
      types.length === 0 || !this.#isForLoop(envelope) || types.includes(typeOf(envelope));
    if (this.#slot !== null && wanted(this.#slot)) {
      waiting.give(this.#open(this.#takeSlot()!));
      return;
    }
    this.#putBack();
    this.#waiting = waiting;
    const rare = this.#cell.extra;
    rare.scanned = null;
    rare.selector = types.length === 0 ? null : wanted;
    if (types.length > 0) {
      this.#cell.flags |= URGENT;
      this.hasPicked = true;
    }
    this.#endTurn();
  }

  // --- between them ----------------------------------------------------------------------------

  get #cell(): Cell {
    return this.#ctx.cell;
  }

  #endTurn(): void {
    const { done } = this.#turn;
    this.#turn.done = null;
    done?.();
  }

  #takeSlot(): Envelope | null {
    const envelope = this.#slot;
    this.#slot = null;
    return envelope;
  }

  /** The first message of the protocol in the mailbox; the kernel's own are for the cell. */
  #takeWaiting(): Envelope | null {
    const { mailbox } = this.#cell;
    let previous: Envelope | null = null;
    let envelope = mailbox.head;
    while (envelope !== null && (!this.#isForLoop(envelope) || envelope.call?.settled === true)) {
      previous = envelope;
      envelope = envelope.next;
    }
    if (envelope !== null) mailbox.removeAfter(previous, envelope);
    return envelope;
  }

  /** False for what the cell handles by itself: ticks, outcomes, events of topics. */
  #isForLoop({ verb }: Envelope): boolean {
    return verb === STREAM || this.#cell.behaviour.verbs.get(verb.name) === verb;
  }

  /** What was offered too early, and is not what the loop wants now, goes back to the front. */
  #putBack(): void {
    const envelope = this.#takeSlot();
    if (envelope === null) return;
    const front = new EnvelopeQueue();
    front.push(envelope);
    this.#cell.mailbox.prepend(front);
  }

  /** Makes of an envelope what the loop sees. */
  #open(envelope: Envelope): unknown {
    const { verb, args, call } = envelope;
    if (verb === SEND) return args[0];
    if (call === null) return { type: verb.name, args };
    if (verb === STREAM) return this.#openStream(args as [string, readonly unknown[]], call);
    return this.#openCall(verb.name, args, call);
  }

  #openStream([type, args]: readonly [string, readonly unknown[]], call: PendingCall): object {
    const opened = this.#openCall(type, args, call);
    return { type, args, stream: opened.reply, refuse: opened.refuse };
  }

  #openCall(type: string, args: readonly unknown[], call: PendingCall): OpenCall {
    if (!call.settled) this.#ctx.owe(call);
    const reply = new Reply<unknown>(call);
    const request = new Request(type, call);
    return {
      type,
      args,
      get signal() {
        return request.signal;
      },
      reply: (value: unknown) => reply.resolve(value),
      refuse: (error: unknown) => reply.reject(error),
    };
  }
}

/** Runs after the reactions to the same promise that were there before. */
function queueDone(fn: () => void): void {
  void Promise.resolve().then(fn);
}

function typeOf({ verb, args }: Envelope): string {
  return verb === STREAM ? (args[0] as string) : verb.name;
}

/** What a loop sees of a call. */
interface OpenCall {
  readonly type: string;
  readonly args: readonly unknown[];
  readonly signal: AbortSignal;
  readonly reply: (value: unknown) => void;
  readonly refuse: (error: unknown) => void;
}

/** A stream whose items are to come: the reader waits until the loop has said which. */
async function* lateStream(given: Promise<AsyncIterable<unknown>>): AsyncGenerator {
  // Whatever keeps the loop from taking it is the reader's to hear, and no failure of the actor.
  const items = await given.catch((error: unknown) => {
    throw refuse(error);
  });
  yield* items;
}
