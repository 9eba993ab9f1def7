import type { Peer } from "../peer/peer.ts";
import { NAMED } from "../wire/ops.ts";
import { ACTOR, BODY, KIND, SLEEPER, SLEEPERS_KIND, type Control } from "./control.ts";

/** What the actors of a thread are called, for reports when it cannot be asked. */
export class ActorNames {
  readonly #names: string[] = [];
  readonly #kinds: string[] = [];

  readonly #labelOfBody: (id: number) => string | undefined;

  /** `labelOfBody` knows those whose home is here, by their ids. */
  constructor(peer: Peer, labelOfBody: (id: number) => string | undefined) {
    this.#labelOfBody = labelOfBody;
    peer.on(NAMED, (reader) => {
      const number = reader.next<number>();
      const name = reader.next<string>();
      if (number < 0) this.#kinds[-1 - number] = name;
      else this.#names[number] = name;
    });
  }

  /** The actor whose turn it is; null where it is none. */
  atWork(control: Control): string | null {
    return this.#nameOf(control[ACTOR]!, control[KIND]!);
  }

  /** The actor whose handler went to sleep last. */
  sleeper(control: Control): string | null {
    return this.#nameOf(control[SLEEPER]!, control[SLEEPERS_KIND]!);
  }

  #nameOf(actor: number, kind: number): string | null {
    if (actor === 0) return null;
    if (kind === BODY) return this.#labelOfBody(actor - 1) ?? "an actor that has ended";
    if (actor < 0) return this.#names[-1 - actor] ?? "an actor";
    return `${this.#kinds[kind] ?? "actor"}#${actor - 1}`;
  }
}
