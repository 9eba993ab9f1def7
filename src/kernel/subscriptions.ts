import type { Cell } from "./cell.ts";
import type { Belonging } from "./belonging.ts";
import type { Incarnation } from "./incarnation.ts";
import { Envelope } from "./envelope.ts";
import { BadInputError, MailboxFullError } from "./errors.ts";
import { show } from "./exit-reason.ts";
import { failLater } from "./tasks.ts";
import { asNobody } from "./running.ts";
import { pendingOf, Verb } from "./verb.ts";

/** Which events of a topic a subscriber wants. */
export interface SubscribeOptions<T> {
  /** Only events for which this is true; asked when they are published. A throw fails the actor. */
  readonly when?: (event: T) => boolean;
}

/** Makes of an event what the subscriber wants to hear. */
export interface ConvertOptions<T, U> {
  /** What it answers is what is heard; undefined skips the event. Asked when it is published. */
  readonly convert: (event: T) => U | undefined;
}

type AnyOptions = {
  readonly when?: ((event: never) => boolean) | undefined;
  readonly convert?: ((event: never) => unknown) | undefined;
};

/** Counts against the bound, as any message: a slow subscriber is under its own mailbox policy. */
const EVENT = new Verb("event", "cast", (_ctx: never, subscription: Subscription, event: unknown) =>
  subscription.handle(event),
);

/** One actor's interest in a topic. */
export class Subscription implements Belonging, Disposable {
  place: Belonging["place"] = null;
  readonly #owner: Incarnation;
  readonly #topic: string;
  readonly #onEvent: (event: never) => unknown;
  readonly #options: AnyOptions;
  #over = false;

  constructor(
    owner: Incarnation,
    topic: string,
    onEvent: (event: never) => unknown,
    options: AnyOptions,
  ) {
    this.#owner = owner;
    this.#topic = topic;
    this.#onEvent = onEvent;
    this.#options = options;
  }

  /**
   * Called by the publisher, which must neither run nor suffer from the subscriber.
   *
   * False when the event does not reach it: it was not wanted, or there was no room.
   */
  readonly receive = (event: unknown, from: unknown): boolean => {
    const wanted = this.#over ? undefined : this.#pick(event as never);
    if (wanted === undefined) return false;
    const { cell } = this.#owner;
    const envelope = Envelope.of(cell, EVENT, [this, ...wanted], null, from as Cell | null);
    try {
      cell.kernel.router.deliver(envelope);
      return true;
    } catch (error) {
      if (!(error instanceof MailboxFullError)) throw error;
      cell.kernel.router.deadLetter(envelope, "mailbox full");
      return false;
    }
  };

  /** What of an event is to be heard; the subscriber's own code, so its throw is its failure. */
  #pick(event: never): [heard: unknown] | undefined {
    const { when, convert } = this.#options;
    if (when === undefined && convert === undefined) return [event];
    try {
      return asNobody(() => {
        if (when !== undefined && !this.#answer(when(event))) return undefined;
        const heard = convert === undefined ? event : convert(event);
        return heard === undefined ? undefined : [heard];
      });
    } catch (error) {
      failLater(this.#owner, "source", error);
      return undefined;
    }
  }

  /** Refuses what is neither true nor false, as untyped code may answer: a promise, above all. */
  #answer(wanted: unknown): boolean {
    if (typeof wanted !== "object" || wanted === null) return Boolean(wanted);
    pendingOf(wanted)?.then(undefined, () => {});
    throw new BadInputError(
      `subscribe to ${this.#topic}: when answered ${show(wanted)}; it must say true or false, at once`,
    );
  }

  handle(event: unknown): unknown {
    return this.#over ? undefined : this.#onEvent(event as never);
  }

  release(): void {
    this.#over = true;
    this.#owner.cell.kernel.topics.unsubscribe({ name: this.#topic }, this.receive);
  }

  [Symbol.dispose](): void {
    this.release();
    this.#owner.disown(this);
  }
}
