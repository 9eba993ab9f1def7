import { isAsync, type Verb } from "../kernel/verb.ts";
import type { Cell } from "../kernel/cell.ts";
import { hashText } from "./trace.ts";

/**
 * The verbs of a run, and what each adds to the trace.
 *
 * That a handler returns promises, though it is no `async` function, a kernel learns when it calls
 * it, once for all systems of the process. A run must not begin with what others have learnt: the
 * first of a seed would differ from the second.
 */
export class Verbs {
  readonly #hashes = new Map<Verb, number>();

  hashOf(verb: Verb): number {
    return this.#hashes.get(verb) ?? this.#meet(verb);
  }

  /** To be told of each message before it is handled. */
  sent(verb: Verb): void {
    if (!this.#hashes.has(verb)) this.#meet(verb);
  }

  /** The same for what gets to an actor without being sent, of which it is about to handle one. */
  beforeTurn({ rare }: Cell): void {
    if (rare === null) return;
    const { lane, low } = rare;
    if (lane?.head != null) this.sent(lane.head.verb);
    if (low?.head != null) this.sent(low.head.verb);
  }

  #meet(verb: Verb): number {
    const hash = hashText(verb.name);
    verb.waits = isAsync(verb.handler);
    this.#hashes.set(verb, hash);
    return hash;
  }
}
