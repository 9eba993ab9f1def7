import { threadId } from "node:worker_threads";
import { actor, refuse, type Ref, type RefOf } from "troupe";

/** What a test can read of what went on. */
export interface Journal {
  note(line: unknown): void;
  /** How often this was asked for an id, this time included. */
  run(id: string): Promise<number>;
}
/** What holds a handler until a test lets it go on. */
export interface Door {
  pass(): Promise<void>;
}

export interface SubjectProps {
  readonly id: string;
  readonly journal: Ref<Journal>;
  readonly door?: Ref<Door>;
  /** The run of `init` from which on it waits at the door. */
  readonly slowFrom?: number;
  /** The run of `init` from which on it throws. */
  readonly failsFrom?: number;
}

export class OutOfStock extends Error {
  override readonly name = "OutOfStock";
  readonly left: number;

  constructor(left: number, options?: ErrorOptions) {
    super(`only ${left} left`, options);
    this.left = left;
  }
}

/** What abandoned handlers saw, on each thread. */
const outlived: string[] = [];

/** Does what it is told, and writes down what becomes of it. */
export const Subject = actor({
  name: "subject",
  async init(_ctx, { id, journal, door, slowFrom, failsFrom }: SubjectProps) {
    journal.note(`${id} init`);
    const run = await journal.run(id);
    if (run >= (slowFrom ?? Infinity)) await door!.pass();
    if (run >= (failsFrom ?? Infinity)) throw new Error(`${id} cannot, run ${run}`);
    journal.note(`${id} up`);
    return { run, seen: [] as string[] };
  },
  cast: {
    note({ state, props: { id, journal } }, what: string): void {
      state.seen.push(what);
      journal.note(`${id} ${what}`);
    },
    fail(_ctx, message: string): void {
      throw new Error(message);
    },
    async failLater({ props: { door } }, message: string): Promise<void> {
      await door!.pass();
      throw new Error(message);
    },
    /** Uses all of its context after it was killed, and writes down what that came to. */
    async outlive(ctx): Promise<void> {
      const { id, journal, door } = ctx.props;
      const { signal } = ctx;
      await door!.pass();
      const trial = (what: string, use: () => unknown): void => {
        try {
          use();
          ctx.props.journal.note(`${what} went`);
        } catch (error) {
          after.push(`${what}: ${(error as Error).name}`);
        }
      };
      const after: string[] = [`aborted: ${signal.aborted}`];
      trial("state", () => (ctx.state = { run: -1, seen: [] }));
      trial("spawn", () => ctx.spawn(Relay));
      trial("timers", () => ctx.timers.after(0, () => {}));
      trial("send", () => journal.note(`${id} after death`));
      outlived.push(...after);
      throw new Error("nobody hears this");
    },
    async wait({ props: { id, journal, door } }): Promise<void> {
      journal.note(`${id} waits`);
      await door!.pass();
      journal.note(`${id} goes on`);
    },
    end: (ctx, reason?: string): void => ctx.stop(reason),
    /** Holds the event loop, and all else on its thread. */
    async block({ props: { id, journal } }): Promise<void> {
      journal.note(`${id} blocks`);
      // What it says goes when its turn ends, which otherwise it never would.
      await journal.run("blocks");
      for (;;);
    },
    stash(ctx, what: string): void {
      if (!ctx.state.seen.includes("open")) return ctx.stash();
      ctx.state.seen.push(what);
      ctx.props.journal.note(`${ctx.props.id} ${what}`);
    },
    unstash(ctx): void {
      ctx.state.seen.push("open");
      ctx.unstash();
    },
  },
  call: {
    seen: (ctx) => [...ctx.state.seen],
    where: () => threadId,
    outlived: () => [...outlived],
    run: (ctx) => ctx.state.run,
    echo: (_ctx, what: string) => what,
    async slow({ props: { door } }, what: string): Promise<string> {
      await door!.pass();
      return what;
    },
    throws(_ctx, message: string): number {
      throw new RangeError(message, { cause: new TypeError("deeper") });
    },
    async throwsLater({ props: { door } }, message: string): Promise<number> {
      await door!.pass();
      throw new RangeError(message);
    },
    refuses(_ctx, left: number): number {
      throw refuse(new OutOfStock(left, { cause: "sold" }));
    },
  },
  exit({ props: { id, journal } }, reason): void {
    journal.note(`${id} down: ${reason.kind}`);
  },
});
export type Subject = RefOf<typeof Subject>;

/** Sends on, from where it runs. */
export const Relay = actor({
  name: "relay",
  cast: {
    notes(_ctx, to: Ref<{ note(what: string): void }>, count: number): void {
      for (let n = 0; n < count; n++) to.note(String(n));
    },
  },
  call: {
    ask: (_ctx, whom: Ref<{ echo(what: string): Promise<string> }>, what: string) =>
      whom.echo(what),
  },
});
