import { Behaviour } from "../kernel/behaviour.ts";
import type { Cell } from "../kernel/cell.ts";
import { BadInputError } from "../kernel/errors.ts";
import { Verb, type VerbKind } from "../kernel/verb.ts";
import { registered, registeredName } from "../wire/definitions.ts";
import { KIND, MOST_VERBS } from "../wire/ops.ts";
import type { Outbox } from "./outbox.ts";
import type { Reader } from "./reader.ts";

/** The verbs of a kind of actor by number: as both sides count them. */
export interface Kind {
  readonly behaviour: Behaviour;
  readonly verbs: readonly Verb[];
  readonly numbers: Map<Verb, number>;
}

function kindOf(behaviour: Behaviour): Kind {
  const verbs = [...behaviour.verbs.values()];
  return { behaviour, verbs, numbers: new Map(verbs.map((verb, i) => [verb, i])) };
}

const kinds = new WeakMap<Behaviour, Kind>();

/** The kind of a cell of this node. */
export function kindOfCell({ behaviour }: Cell): Kind {
  const known = kinds.get(behaviour);
  if (known !== undefined) return known;
  const kind = kindOf(behaviour);
  if (kind.verbs.length > MOST_VERBS) {
    throw new BadInputError(
      `${behaviour.name} has ${kind.verbs.length} verbs; what other threads can speak to has ${MOST_VERBS} at most`,
    );
  }
  kinds.set(behaviour, kind);
  return kind;
}

/** The number of an envelope's verb; opening a stream goes under the verb's own. */
export function numberOf({ numbers, behaviour }: Kind, verb: Verb): number {
  const known = numbers.get(verb);
  if (known !== undefined) return known;
  const number = numbers.get(behaviour.verbs.get(verb.name)!)!;
  numbers.set(verb, number);
  return number;
}

/** False for a kind of which another version of the definition has been told us: it counts differently. */
function isInOrderOf(definition: Behaviour, verbs: readonly Verb[]): boolean {
  const names = [...definition.verbs.keys()];
  return names.length === verbs.length && names.every((name, i) => verbs[i]!.name === name);
}

/** Says what kinds of actors there are, each once. */
export class KindsTold {
  readonly #told = new Map<Behaviour, number>();
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** The number of a cell's kind, announced if it was not yet. */
  tell(cell: Cell): number {
    const { verbs, behaviour } = kindOfCell(cell);
    const { definition } = behaviour;
    const told = isInOrderOf(definition, verbs) ? definition : behaviour;
    const known = this.#told.get(told);
    if (known !== undefined) return known;
    const number = this.#told.size;
    this.#told.set(told, number);
    const name = registeredName(definition) ?? null;
    const offered = verbs.map((verb) => [verb.name, verb.kind]);
    this.#outbox.say(KIND, behaviour.name, name, offered);
    return number;
  }
}

function unreachable(): never {
  throw new Error("a verb of an actor in another node was run in this one");
}

/** What kinds of actors the other side has, in the order in which it told of them. */
export class KindsHeard {
  readonly #kinds: Kind[] = [];

  hear(reader: Reader): void {
    const name = reader.next<string>();
    const registeredAs = reader.next<string | null>();
    const offered = reader.next<readonly [string, VerbKind][]>();
    const known = registeredAs === null ? undefined : registered(registeredAs);
    this.#kinds.push(known === undefined ? spoken(name, offered) : translated(known, offered));
  }

  at(number: number): Kind {
    return this.#kinds[number]!;
  }
}

/** A kind that nobody has told this node of but the other: its verbs are all that is known. */
function spoken(name: string, offered: readonly [string, VerbKind][]): Kind {
  const verbs = offered.map(([verb, kind]) => new Verb(verb, kind, unreachable));
  return kindOf(new Behaviour({ name, verbs }));
}

/** A kind that both know: its refs are of the same class here, in the other side's numbers. */
function translated(behaviour: Behaviour, offered: readonly [string, VerbKind][]): Kind {
  const verbs = offered.flatMap(([name]) => behaviour.verbs.get(name) ?? []);
  // Another version of the definition: what it offers counts, and not what we think it does.
  if (verbs.length !== offered.length) return spoken(behaviour.name, offered);
  const kind = new Behaviour({ name: behaviour.name, verbs, definition: behaviour });
  return { behaviour: kind, verbs, numbers: new Map(verbs.map((verb, i) => [verb, i])) };
}
