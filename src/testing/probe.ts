import { Behaviour, behaviourOf, type ActorDef } from "../kernel/behaviour.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import type { Ref } from "../kernel/ref.ts";
import type { Reply } from "../kernel/reply.ts";
import { Verb } from "../kernel/verb.ts";

type Args<F> = F extends (...args: infer P) => unknown ? P : never;
type Result<F> = F extends (...args: never[]) => Promise<infer R> ? R : never;

/** A message that a probe got. */
export interface Probed<A, K extends keyof A> {
  readonly verb: K;
  readonly args: Args<A[K]>;
  /** Answers it, where it is a call. */
  reply(value: Result<A[K]>): void;
  /** Rejects its caller. */
  refuse(error: unknown): void;
}

/** An actor that stands in for another, and keeps what it is sent until the test asks for it. */
export class Probe<A> {
  /** To be handed to whoever expects the real one. */
  readonly ref: Ref<A>;
  readonly #received: Probed<A, keyof A>[];
  readonly #answers: Map<string, (...args: never[]) => unknown>;
  readonly #settle: () => Promise<void>;

  /** @internal Use `kit.probe`. */
  constructor(
    ref: Ref<A>,
    received: Probed<A, keyof A>[],
    answers: Map<string, (...args: never[]) => unknown>,
    settle: () => Promise<void>,
  ) {
    this.ref = ref;
    this.#received = received;
    this.#answers = answers;
    this.#settle = settle;
  }

  /** Answers every call of `verb` from now on; it is received all the same. */
  answer<K extends keyof A & string>(verb: K, fn: (...args: Args<A[K]>) => Result<A[K]>): this {
    this.#answers.set(verb, fn);
    return this;
  }

  /** Takes the next message, which must be `verb`; throws when it is another, or there is none. */
  async expect<K extends keyof A & string>(verb: K): Promise<Probed<A, K>> {
    await this.#settle();
    const next = this.#received.shift();
    if (next === undefined) throw new Error(`probe: expected ${verb}, and nothing came`);
    if (next.verb !== verb) {
      throw new Error(`probe: expected ${verb}, got ${String(next.verb)}(${show(next.args)})`);
    }
    return next as unknown as Probed<A, K>;
  }

  /** Throws when there is a message that nobody expected. */
  async expectNothing(): Promise<void> {
    await this.#settle();
    const [next] = this.#received;
    if (next !== undefined) {
      throw new Error(`probe: expected nothing, got ${String(next.verb)}(${show(next.args)})`);
    }
  }

  /** All that has come and was not taken. */
  get received(): readonly Probed<A, keyof A>[] {
    return this.#received;
  }
}

function show(args: readonly unknown[]): string {
  return args.map(String).join(", ");
}

/** Makes a definition with the verbs of `def` that keeps what it gets. */
export function probeOf<A>(
  def: ActorDef<A, never>,
  received: Probed<A, keyof A>[],
  answers: ReadonlyMap<string, (...args: never[]) => unknown>,
): Behaviour {
  const { name, verbs } = behaviourOf(def);
  const record = (verb: string, args: unknown[], reply: Reply<unknown> | undefined): void => {
    received.push({
      verb: verb as keyof A,
      args: args as never,
      reply: (value: unknown) => reply?.resolve(value),
      refuse: (error: unknown) => reply?.reject(error),
    });
  };
  const doubles = [...verbs.values()].map(
    (verb) =>
      new Verb(verb.name, verb.kind, (ctx: Incarnation, ...args: never[]) => {
        const reply = verb.kind === "call" ? ctx.defer() : undefined;
        record(verb.name, args, reply);
        const answer = answers.get(verb.name);
        if (answer !== undefined) reply?.resolve(answer(...args));
        return verb.kind === "stream" ? nothing() : undefined;
      }),
  );
  return new Behaviour({ name: `probe-${name}`, verbs: doubles });
}

/** A stream that a probe was asked for yields nothing. */
async function* nothing(): AsyncGenerator<never> {}
