import type { AnyRef, Down, ExitReason, Monitor, Ref } from "troupe";
import type { Cell } from "../../src/kernel/cell.ts";
import { cellOf } from "../../src/kernel/ref.ts";
import type { Plan, Ask, Work } from "./plan.ts";

/** The verbs of every actor of a run. */
export interface Subject {
  work(message: Message, work: Work): void;
  ask(message: Message, ask: Ask): Promise<number>;
}

/** Sets one message apart from all others. */
export interface Message {
  readonly id: number;
  readonly from: Actor | null;
  readonly to: Actor;
  /** What a call is to be answered with. */
  readonly answer: number;
}

/** One life between a start and an end, as the actor's own code saw it. */
export class Life {
  readonly actor: Actor;
  readonly number: number;
  /** Handlers that run; more than one is a bug. */
  running = 0;
  exits = 0;
  subscribed = false;
  /** It failed or was killed, and was not resumed. */
  failed = false;

  constructor(actor: Actor, number: number) {
    this.actor = actor;
    this.number = number;
  }
}

/** One actor: what was asked of it, and what was seen of it. */
export class Actor {
  readonly index: number;
  readonly plan: Plan;
  readonly parent: Actor | null;
  readonly parentLife: Life | null;
  ref!: Ref<Subject>;
  lives: Life[] = [];
  failNextInits = 0;
  /** Joinings without a leaving. */
  joined = 0;
  /** The end has been ordered: by somebody, or by what its parent's end means. */
  ordered = false;
  ended: ExitReason | null = null;
  /** It has ended, although it was to come back and nobody wanted it to end. */
  gaveUpWithoutCause = false;
  /** The last number of each sender that was seen, in order. */
  readonly seen = new Map<Actor | null, number>();

  constructor(index: number, plan: Plan, parentLife: Life | null) {
    this.index = index;
    this.plan = plan;
    this.parent = parentLife?.actor ?? null;
    this.parentLife = parentLife;
  }

  get cell(): Cell {
    return cellOf(this.ref);
  }

  get life(): Life | undefined {
    return this.lives.at(-1);
  }

  get label(): string {
    return `actor ${this.index} (${this.ref === undefined ? "unborn" : this.cell.label})`;
  }
}

/** A watch, from outside (`life` null) or by an actor. */
export interface Watch {
  readonly target: Actor;
  readonly life: Life | null;
  monitor?: Monitor;
  cancelled: boolean;
  readonly downs: Down[];
}

/** A promise that a run was given: it has to settle, and when it may take its time. */
export interface Promised {
  readonly what: string;
  state: "pending" | "fulfilled" | "rejected";
}

/** Two lives whose fates were joined while both were up. */
export type LinkedLives = readonly [Life, Life];

/** Everything that a run did and saw. What is wrong at once is noted in `wrong`. */
export class Book {
  readonly actors: Actor[] = [];
  readonly watches: Watch[] = [];
  readonly promises: Promised[] = [];
  links: LinkedLives[] = [];
  readonly aborts: AbortController[] = [];
  /** Casts that were admitted or became dead letters, and how often each was begun or lost. */
  readonly casts = new Map<number, { begun: number; lost: number; stashed: boolean }>();
  readonly wrong: string[] = [];
  /** Sleepers: handlers that wait for virtual time. */
  readonly sleep: (ms: number) => Promise<void>;
  #ids = 0;

  constructor(sleep: (ms: number) => Promise<void>) {
    this.sleep = sleep;
  }

  expect(holds: boolean, what: () => string): void {
    if (!holds) this.wrong.push(what());
  }

  /** The actor that an index stands for: any number means one of those there are. */
  actor(index: number): Actor | undefined {
    return this.actors.length === 0 ? undefined : this.actors[index % this.actors.length];
  }

  /** All but the one that is being spawned at this moment. */
  get born(): Actor[] {
    return this.actors.filter(({ ref }) => ref !== undefined);
  }

  actorOf(ref: AnyRef): Actor | undefined {
    const cell = cellOf(ref);
    return this.born.find((actor) => actor.cell === cell);
  }

  add(plan: Plan, parentLife: Life | null): Actor {
    const actor = new Actor(this.actors.length, plan, parentLife);
    this.actors.push(actor);
    return actor;
  }

  /** Notes a link, where both sides are up: what it joins is their present lives. */
  link(a: Actor, b: Actor): void {
    if (a === b || a.cell.status !== "running" || b.cell.status !== "running") return;
    if (a.cell.rare?.stop == null && b.cell.rare?.stop == null) {
      this.links.push([a.life!, b.life!]);
    }
  }

  unlink(a: Actor, b: Actor): void {
    this.links = this.links.filter(
      (link) => !link.every(({ actor }) => actor === a || actor === b),
    );
  }

  message(from: Actor | null, to: Actor, answer?: number): Message {
    const id = this.#ids++;
    return { id, from, to, answer: answer ?? id };
  }

  follow(what: string, promise: Promise<unknown>): Promised {
    const promised: Promised = { what, state: "pending" };
    this.promises.push(promised);
    promise.then(
      () => void (promised.state = "fulfilled"),
      () => void (promised.state = "rejected"),
    );
    return promised;
  }

  /** Casts, and remembers that the message has to turn up exactly once. */
  cast(from: Actor | null, to: Actor, work: Work): void {
    const message = this.message(from, to);
    this.casts.set(message.id, { begun: 0, lost: 0, stashed: false });
    try {
      to.ref.work(message, work);
    } catch {
      // Refused for a full mailbox, or by the fence of a killed sender: it is the sender's.
      const fate = this.casts.get(message.id)!;
      this.expect(fate.begun + fate.lost === 0, () => `cast ${message.id} was refused and taken`);
      this.casts.delete(message.id);
    }
  }

  /** A handler takes a message. */
  take(life: Life, message: Message, stashed: boolean): void {
    const { actor } = life;
    this.expect(message.to === actor, () => `message ${message.id} came to ${actor.label}`);
    this.expect(actor.life === life, () => `${actor.label} handles in a life that is over`);
    if (stashed) return;
    const last = actor.seen.get(message.from) ?? -1;
    this.expect(
      message.id > last,
      () => `${actor.label} got ${message.id} after ${last}, out of order`,
    );
    actor.seen.set(message.from, message.id);
    const gone = this.watches.find(
      ({ life: watcher, target, downs }) =>
        watcher?.actor === actor && target === message.from && downs.length > 0,
    );
    this.expect(
      gone === undefined,
      () => `${actor.label} got ${message.id} after its sender's down`,
    );
  }
}
