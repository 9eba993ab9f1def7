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

/** Who subscribes to what. Knows nothing of actors: a subscriber is a function. */
export class Topics {
  readonly #subscribers = new Map<string, Set<Subscriber>>();

  subscribe({ name }: Named, subscriber: Subscriber): void {
    const subscribers = this.#subscribers.get(name) ?? new Set();
    this.#subscribers.set(name, subscribers.add(subscriber));
  }

  unsubscribe({ name }: Named, subscriber: Subscriber): void {
    const subscribers = this.#subscribers.get(name);
    if (subscribers?.delete(subscriber) === true && subscribers.size === 0) {
      this.#subscribers.delete(name);
    }
  }

  /** Tells all who subscribe now, in the order in which they came; answers how many it reached. */
  publish({ name }: Named, event: unknown, from: unknown = null): number {
    const subscribers = this.#subscribers.get(name);
    if (subscribers === undefined) return 0;
    let reached = 0;
    // Those who come while it is told had not subscribed when it happened.
    const told = [...subscribers];
    for (const subscriber of told) if (subscriber(event, from)) reached++;
    return reached;
  }
}
