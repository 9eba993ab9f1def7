import fc from "fast-check";
import { expect, test } from "vitest";
import { machine, type ActorDef } from "troupe";
import { createTestSystem } from "troupe/testing";

/*
 * The order in which a machine handles what is sent, raised, postponed and timed out after 0 ms, against
 * a model of gen_statem's: one list of what is ahead, one of what was postponed, one of what was sent.
 */

type State = "a" | "b" | "c";

/** What the handler of an event does. */
interface Act {
  readonly id: number;
  readonly to: State | undefined;
  readonly again: boolean;
  readonly postpone: boolean;
  readonly next: readonly Act[];
  /** Sets the timeout of `late` to 0 ms. */
  readonly late: Act | undefined;
  readonly after: boolean;
  readonly idle: boolean;
}

interface Line {
  act(act: Act): void;
}
interface Own {
  own(act: Act): void;
  late(act: Act): void;
}

const ON_ENTRY: Act = {
  id: 0,
  to: undefined,
  again: false,
  postpone: false,
  next: [],
  late: undefined,
  after: false,
  idle: false,
};

/** A machine whose events say what to do; `b` sends itself one on entry, `c` leaves after 0 ms. */
function lineOf(log: string[]): ActorDef<Line> {
  type Ctx = Parameters<typeof handle>[0];
  function handle(
    ctx: {
      state: State;
      goto(state: State): void;
      repeat(): void;
      postpone(): void;
      next(event: "own", act: Act): void;
      timeouts: {
        set(event: "late", ms: number, act: Act): void;
        state(ms: number): void;
        event(ms: number): void;
      };
    },
    act: Act,
  ): void {
    log.push(`${ctx.state} ${act.id}`);
    for (const next of act.next) ctx.next("own", next);
    if (act.idle) ctx.timeouts.event(0);
    if (act.after) ctx.timeouts.state(0);
    if (act.late !== undefined) ctx.timeouts.set("late", 0, act.late);
    if (act.postpone) ctx.postpone();
    if (act.to !== undefined) ctx.goto(act.to);
    if (act.again) ctx.repeat();
  }
  const to = ["a", "b", "c"] as const;
  const does = { to, do: (ctx: Ctx, act: Act) => handle(ctx, act) };
  const on = { act: does, own: does, late: does };
  const after = { do: (ctx: { state: State }) => void log.push(`${ctx.state} after`) };
  const idle = { do: (ctx: { state: State }) => void log.push(`${ctx.state} idle`) };
  return machine<Line, Record<State, undefined>, Own>()({
    events: { act: "cast", own: "internal", late: "internal" },
    initial: "a",
    init: () => ["a"],
    states: {
      a: { on, after, idle },
      b: { enter: (ctx) => ctx.next("own", ON_ENTRY), on, after, idle },
      c: {
        on,
        idle,
        after: {
          ms: 0,
          to: "a",
          do(ctx) {
            log.push(`${ctx.state} after`);
            ctx.goto("a");
          },
        },
      },
    },
  });
}

/** Something in line: an event, or a timeout that counts only as long as it is the latest. */
interface Item {
  readonly what: "event" | "late" | "after" | "idle";
  readonly act: Act;
}

/** The longest run that is compared: two events that postpone each other could go on for ever. */
const LONGEST = 300;

class Model {
  readonly log: string[] = [];
  #state: State = "a";
  #ahead: Item[] = [];
  #postponed: Item[] = [];
  /** The timeouts that run. */
  readonly #running = new Map<string, Item>();

  /** False where it would go on for too long. */
  run(given: readonly Act[]): boolean {
    const sent = given.map((act): Item => ({ what: "event", act }));
    for (let item = sent.shift(); item !== undefined; item = this.#ahead.shift() ?? sent.shift()) {
      if (item.what !== "event") {
        if (this.#running.get(item.what) !== item) continue;
        this.#running.delete(item.what);
      }
      this.#handle(item);
      if (this.log.length > LONGEST) return false;
    }
    return true;
  }

  #handle(item: Item): void {
    const { what, act } = item;
    this.#running.delete("idle");
    if (what === "after" || what === "idle") {
      this.log.push(`${this.#state} ${what}`);
      this.#finish(this.#state === "c" && what === "after" ? "a" : undefined, false, ON_ENTRY);
      return;
    }
    this.log.push(`${this.#state} ${act.id}`);
    if (act.late !== undefined) this.#set("late", act.late);
    if (act.postpone) this.#postponed.push({ what: "event", act });
    this.#finish(act.to, act.again, act);
  }

  #finish(to: State | undefined, again: boolean, { next, after, idle }: Act): void {
    const isMoved = to !== undefined && to !== this.#state;
    const isEntered = isMoved || again;
    if (isMoved) {
      this.#state = to;
      this.#ahead.unshift(...this.#postponed);
      this.#postponed = [];
    }
    const raised = [...next, ...(isEntered && this.#state === "b" ? [ON_ENTRY] : [])];
    this.#ahead.unshift(...raised.map((act): Item => ({ what: "event", act })));
    if (isEntered) this.#running.delete("after");
    if (after || (isEntered && this.#state === "c")) this.#set("after", ON_ENTRY);
    if (idle) this.#set("idle", ON_ENTRY);
  }

  #set(what: "late" | "after" | "idle", act: Act): void {
    const item: Item = { what, act };
    this.#running.set(what, item);
    this.#ahead.push(item);
  }
}

/** Rarely most of it; `depth` bounds what an event may bring about. */
function acts(depth: number): fc.Arbitrary<Act> {
  const rarely = fc.boolean().chain((first) => (first ? fc.boolean() : fc.constant(false)));
  const nested = depth === 0 ? fc.constant([]) : fc.array(acts(depth - 1), { maxLength: 2 });
  return fc.record({
    id: fc.integer({ min: 1, max: 999 }),
    to: fc.constantFrom<State | undefined>(undefined, undefined, "a", "b", "c"),
    again: rarely,
    postpone: rarely,
    next: nested,
    late: depth === 0 ? fc.constant(undefined) : fc.option(acts(0), { nil: undefined, freq: 3 }),
    after: rarely,
    idle: rarely,
  });
}

test("is that of the model, whatever handlers do", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(acts(2), { maxLength: 8 }), async (sent) => {
      const model = new Model();
      fc.pre(model.run(sent));
      const kit = createTestSystem();
      const log: string[] = [];
      const line = kit.system.spawn(lineOf(log));
      for (const act of sent) line.act(act);
      await kit.run();
      expect(log).toEqual(model.log);
      expect(kit.system.stats()).toMatchObject({ failures: 0, deadLetters: 0 });
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? 500) },
  );
});
