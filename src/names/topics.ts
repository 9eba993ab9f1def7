declare const EVENT: unique symbol;

/** A subject to publish on; equal to every topic of the same name. */
export interface Topic<T> {
  readonly name: string;
  /** Phantom: the type of what is published. */
  readonly [EVENT]?: (event: T) => T;
}

interface Named {
  readonly name: string;
}

/** Answers whether the event has reached it; `from` is the publisher, where it is known. */
export type Subscriber = (event: unknown, from: unknown) => boolean;

/** Somewhere else where a topic may have subscribers. */
export interface Relay {
  /** How many there hear of it. */
  interest(name: string): number;
  /** The topics of which somebody there hears. */
  topics(): Iterable<string>;
  /** Passes an event on; answers how many it reaches. */
  pass(name: string, event: unknown, from: unknown): number;
  /** How many hear of a topic, here and in other such places, has changed. */
  changed(name: string): void;
}

/** Who subscribes to what. Knows nothing of actors: a subscriber is a function. */
export class Topics {
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  /** Nobody pays for what is in one place, as nearly always. */
  #relays: Relay[] = [];

  subscribe({ name }: Named, subscriber: Subscriber): void {
    const subscribers = this.#subscribers.get(name) ?? new Set();
    this.#subscribers.set(name, subscribers.add(subscriber));
    this.changed(name, null);
  }

  unsubscribe({ name }: Named, subscriber: Subscriber): void {
    const subscribers = this.#subscribers.get(name);
    if (subscribers?.delete(subscriber) !== true) return;
    if (subscribers.size === 0) this.#subscribers.delete(name);
    this.changed(name, null);
  }

  addRelay(relay: Relay): void {
    this.#relays.push(relay);
    for (const name of this.#subscribers.keys()) relay.changed(name);
    for (const other of this.#relays) {
      if (other !== relay) for (const name of other.topics()) relay.changed(name);
    }
  }

  removeRelay(relay: Relay): void {
    this.#relays = this.#relays.filter((each) => each !== relay);
  }

  /** How many hear of a topic, here and elsewhere, but for one place. */
  interest(name: string, except: Relay): number {
    let interest = this.#subscribers.get(name)?.size ?? 0;
    for (const relay of this.#relays) if (relay !== except) interest += relay.interest(name);
    return interest;
  }

  /** Lets all other places know that it has changed in one. */
  changed(name: string, where: Relay | null): void {
    for (const relay of this.#relays) if (relay !== where) relay.changed(name);
  }

  /**
   * Tells all who subscribe now, in the order in which they came; answers how many it reached.
   *
   * Other places first: what cannot be sent there is refused before anybody has heard of it.
   */
  publish(
    { name }: Named,
    event: unknown,
    from: unknown = null,
    except: Relay | null = null,
  ): number {
    let reached = 0;
    for (const relay of this.#relays) {
      if (relay !== except) reached += relay.pass(name, event, from);
    }
    const subscribers = this.#subscribers.get(name);
    if (subscribers === undefined) return reached;
    // Those who come while it is told had not subscribed when it happened.
    const told = [...subscribers];
    for (const subscriber of told) if (subscriber(event, from)) reached++;
    return reached;
  }
}
