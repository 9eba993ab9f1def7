import {
  implement,
  refuse,
  withOptions,
  type ActorDef,
  type AnyRef,
  type Ref,
  type Reply,
} from "troupe";
import { OutOfStock, type Door, type Journal } from "./actors-subject.ts";

export interface Echo {
  echo(what: string): Promise<string>;
}
export interface Clerk extends Echo {
  note(what: string): void;
  /** Settles the calls of `keep` that were handed to it, or are its own. */
  give(what: string): void;
  giveError(left: number): void;
  fail(message: string): void;
  refuseNote(what: string): void;
  slow(what: string): Promise<string>;
  keep(): Promise<string>;
  handKeep(to: AnyRef): Promise<string>;
  forward(to: Ref<Echo>, what: string): Promise<string>;
  forwardTwice(by: Ref<Clerk>, to: Ref<Echo>, what: string): Promise<string>;
  ask(whom: Ref<Echo>, what: string): Promise<string>;
  askLate(whom: Ref<Clerk>, timeout: number): Promise<string>;
  askSelf(): Promise<string>;
  /** Asks one to ask it. */
  askBack(whom: Ref<Clerk>): Promise<string>;
  remaining(): Promise<number>;
  watch(): Promise<void>;
  throws(message: string): Promise<never>;
  throwsLater(message: string): Promise<never>;
  refuses(left: number): Promise<never>;
  refusesValue(value: unknown): Promise<never>;
  count(): Promise<number>;
  upTo(last: number): AsyncIterable<number>;
  waits(): AsyncIterable<string>;
  breaks(message: string): AsyncIterable<number>;
  refusesStream(left: number): AsyncIterable<number>;
  failsAtOnce(message: string): AsyncIterable<number>;
  read(from: Ref<Clerk>, last: number): Promise<number[]>;
}
interface ClerkProps {
  readonly id: string;
  readonly journal: Ref<Journal>;
  readonly door: Ref<Door>;
}
interface State {
  handled: number;
  kept: Reply<string>[];
}

/** Answers, in all the ways that there are to answer. */
export const Clerk: ActorDef<Clerk, ClerkProps> = implement<Clerk>()({
  name: "clerk",
  init: (_ctx, _props: ClerkProps): State => ({ handled: 0, kept: [] }),
  cast: {
    note: ({ props: { id, journal } }, what) => journal.note(`${id} ${what}`),
    give({ state }, what) {
      for (const reply of state.kept.splice(0)) reply.resolve(what);
    },
    giveError({ state }, left) {
      for (const reply of state.kept.splice(0)) reply.reject(new OutOfStock(left));
    },
    fail(_ctx, message) {
      throw new Error(message);
    },
    refuseNote(_ctx, what) {
      throw refuse(new Error(what));
    },
  },
  call: {
    echo({ state }, what) {
      state.handled++;
      return what;
    },
    async slow({ props: { door } }, what) {
      await door.pass();
      return what;
    },
    keep(ctx) {
      const reply = ctx.defer<string>();
      ctx.state.kept.push(reply);
      return reply;
    },
    handKeep(ctx, to) {
      const reply = ctx.defer<string>();
      ctx.state.kept.push(reply);
      reply.handTo(to);
      return reply;
    },
    forward: (ctx, to, what) => ctx.forward(to).echo(what),
    forwardTwice: (ctx, by, to, what) => ctx.forward(by).forward(to, what),
    ask: (_ctx, whom, what) => whom.echo(what),
    askLate: async (_ctx, whom, timeout) => {
      try {
        return await withOptions(whom, { timeout }).slow("late");
      } catch (error) {
        return (error as Error).name;
      }
    },
    askBack: (ctx, whom) => whom.ask(ctx.self, "round"),
    askSelf: (ctx) => ctx.self.echo("me"),
    remaining: (ctx) => ctx.request!.remainingMs,
    async watch({ request, props: { id, journal } }) {
      const { signal } = request!;
      journal.note(`${id} watches`);
      await new Promise<void>((done) => signal.addEventListener("abort", () => done()));
      journal.note(`${id}: caller left, ${request!.remainingMs} ms`);
    },
    throws(_ctx, message) {
      throw new RangeError(message, { cause: new TypeError("deeper") });
    },
    async throwsLater({ props: { door } }, message) {
      await door.pass();
      throw new RangeError(message);
    },
    refuses(_ctx, left) {
      throw refuse(new OutOfStock(left, { cause: "sold" }));
    },
    refusesValue(_ctx, value) {
      throw refuse(value);
    },
    count: (ctx) => ctx.state.handled,
    async read(_ctx, from, last) {
      const read: number[] = [];
      for await (const n of from.upTo(last)) read.push(n);
      return read;
    },
  },
  stream: {
    async *upTo({ props: { id, journal } }, last) {
      try {
        for (let n = 1; n <= last; n++) {
          journal.note(`${id} makes ${n}`);
          yield n;
        }
      } finally {
        journal.note(`${id} closes`);
      }
    },
    async *waits({ props: { door } }) {
      await door.pass();
      yield "passed";
    },
    async *breaks(_ctx, message) {
      yield 1;
      throw new RangeError(message);
    },
    async *refusesStream(_ctx, left) {
      yield 1;
      throw refuse(new OutOfStock(left));
    },
    failsAtOnce(_ctx, message) {
      throw new RangeError(message);
    },
  },
});
