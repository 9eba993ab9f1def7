import {
  BadInputError,
  MailboxFullError,
  refuse,
  StashFullError,
  type Context,
  type InitContext,
  type Ref,
  type StandardSchema,
} from "../index.ts";
import type { Behaviour } from "../kernel/behaviour.ts";
import type { ClientState } from "./tcp-client.ts";
import { NotConnectedError } from "./errors.ts";

type Ctx = Context<ClientState>;
type Handler = (ctx: Ctx, ...args: unknown[]) => unknown;
type Verbs = Readonly<Record<string, (...args: unknown[]) => unknown>>;
type Streams = Readonly<Record<string, (...args: unknown[]) => AsyncIterable<unknown>>>;

/** The verbs that a client offers for its session, by section. */
interface Sections {
  readonly cast: Record<string, Handler>;
  readonly call: Record<string, Handler>;
  readonly stream: Record<string, Handler>;
  readonly schemas: Record<string, StandardSchema> | undefined;
}

/** While messages are held, those whose callers have left are looked for so often, in ms. */
const SWEEP_MS = 1_000;

/**
 * The side of a client that callers see: passes on what they send, or holds it while nobody is there.
 *
 * What is held is the client's stash. A call whose caller has left is skipped when it is unstashed,
 * so that is done from time to time: the rest goes back, in its order.
 */
export class Frontage {
  held = 0;
  refused = 0;
  dropped = 0;
  readonly #ctx: InitContext;
  readonly #capacity: number;
  /** Streams that wait; they count as held. */
  readonly #streams = new Set<() => void>();
  #sweeping = false;

  constructor(ctx: InitContext, capacity: number) {
    this.#ctx = ctx;
    this.#capacity = capacity;
    // Of the incarnation before.
    ctx.unstash();
  }

  /** Lets go of what was held. */
  open(): void {
    this.held = 0;
    this.#ctx.unstash();
    const streams = [...this.#streams];
    this.#streams.clear();
    for (const goOn of streams) goOn();
  }

  /** True when the message waits now. */
  hold(ctx: Ctx): boolean {
    if (this.isFull) return false;
    try {
      ctx.stash();
    } catch (error) {
      if (error instanceof StashFullError) return false;
      throw error;
    }
    this.held++;
    this.#sweepLater();
    return true;
  }

  /** Waits for the next session; answers what takes it back. */
  wait(goOn: () => void): () => void {
    this.held++;
    this.#streams.add(goOn);
    return () => {
      if (this.#streams.delete(goOn)) this.held--;
    };
  }

  get isFull(): boolean {
    return this.held >= this.#capacity;
  }

  refusal({ redial }: ClientState): Error {
    this.refused++;
    const waiting = this.held === 1 ? "1 message waits" : `${this.held} messages wait`;
    const detail = this.#capacity === 0 ? "calls do not wait" : `${waiting} already`;
    return refuse(new NotConnectedError(this.#ctx.name, redial.to, detail, redial.error));
  }

  drop(verb: string, why: string): void {
    if (this.dropped++ === 0) this.#ctx.log.warn("drops casts", { first: verb, why });
  }

  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#ctx.timers.after(SWEEP_MS, () => {
      this.#sweeping = false;
      this.held = this.#streams.size;
      this.#ctx.unstash();
    });
  }

  /** Makes a handler for each verb of a session's; names of the client's own are refused. */
  static sectionsOf({ name, verbs, schemas }: Behaviour, own: readonly string[]): Sections {
    const makers = { cast: castOn, call: callOn, stream: streamOn };
    const sections: Sections = {
      cast: {},
      call: {},
      stream: {},
      schemas: schemas === null ? undefined : Object.fromEntries(schemas),
    };
    for (const { name: verb, kind } of verbs.values()) {
      if (own.includes(verb)) {
        throw new BadInputError(
          `tcpClient: ${name} has a verb "${verb}", and so has every client; give it another name`,
        );
      }
      sections[kind][verb] = makers[kind](verb);
    }
    return sections;
  }
}

function castOn(verb: string): Handler {
  return (ctx, ...args) => {
    const { redial, front } = ctx.state;
    const session = redial.session as Ref<Verbs> | null;
    if (session === null) {
      if (!front.hold(ctx)) front.drop(verb, "there is no connection");
      return;
    }
    try {
      session[verb]!(...args);
    } catch (error) {
      if (!(error instanceof MailboxFullError)) throw error;
      front.drop(verb, error.message);
    }
  };
}

function callOn(verb: string): Handler {
  return (ctx, ...args) => {
    const { redial, front } = ctx.state;
    const session = redial.session as Ref<Verbs> | null;
    if (session !== null) {
      const forwarding = ctx.forward(session) as unknown as Verbs;
      return forwarding[verb]!(...args);
    }
    if (!front.hold(ctx)) throw front.refusal(ctx.state);
    return undefined;
  };
}

function streamOn(verb: string): Handler {
  return (ctx, ...args) => ({ [Symbol.asyncIterator]: () => new PassedStream(ctx, verb, args) });
}

/** A session's stream, as the client offers it: it begins when there is a session. */
class PassedStream implements AsyncIterator<unknown> {
  readonly #state: ClientState;
  readonly #verb: string;
  readonly #args: readonly unknown[];
  #iterator: AsyncIterator<unknown> | null = null;
  #waitsNoMore: (() => void) | undefined;

  constructor(ctx: Ctx, verb: string, args: readonly unknown[]) {
    this.#state = ctx.state;
    this.#verb = verb;
    this.#args = args;
  }

  async next(): Promise<IteratorResult<unknown>> {
    this.#iterator ??= await this.#begin();
    try {
      return await this.#iterator.next();
    } catch (error) {
      // The session's failure is told to the reader, and is none of the client's.
      throw refuse(error);
    }
  }

  async #begin(): Promise<AsyncIterator<unknown>> {
    const { redial, front } = this.#state;
    for (;;) {
      const session = redial.session as Ref<Streams> | null;
      if (session !== null) return session[this.#verb]!(...this.#args)[Symbol.asyncIterator]();
      if (front.isFull) throw front.refusal(this.#state);
      await new Promise<void>((resolve) => (this.#waitsNoMore = front.wait(resolve)));
    }
  }

  /** The reader has left, maybe before anything began. */
  async return(): Promise<IteratorResult<unknown>> {
    this.#waitsNoMore?.();
    await this.#iterator?.return?.();
    return { done: true, value: undefined };
  }
}
