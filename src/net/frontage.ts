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
  #streams: (() => void)[] = [];
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
    for (const goOn of this.#streams.splice(0)) goOn();
  }

  /** True when the message waits now. */
  hold(ctx: Ctx): boolean {
    if (this.held >= this.#capacity) return false;
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

  /** Waits for the next session. */
  async next({ state }: Ctx): Promise<void> {
    if (this.held >= this.#capacity) throw this.refusal(state);
    this.held++;
    await new Promise<void>((resolve) => this.#streams.push(resolve));
  }

  refusal({ redial }: ClientState): Error {
    this.refused++;
    const detail =
      this.#capacity === 0 ? "calls do not wait" : `${this.held} messages wait already`;
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
      this.held = this.#streams.length;
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
  return async function* (ctx, ...args) {
    const { redial, front } = ctx.state;
    while (redial.session === null) await front.next(ctx);
    const session = redial.session as Ref<
      Record<string, (...args: unknown[]) => AsyncIterable<unknown>>
    >;
    try {
      yield* session[verb]!(...args);
    } catch (error) {
      // The session's failure is told to the reader, and is none of the client's.
      throw refuse(error);
    }
  };
}
