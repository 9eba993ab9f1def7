import { describe, expectTypeOf, test } from "vitest";
import {
  createSystem,
  implement,
  machine,
  mermaid,
  refuse,
  type ActorDef,
  type Reply,
} from "troupe";

const system = createSystem();

interface Lock {
  press(digit: string): void;
  state(): Promise<"locked" | "open">;
}
interface States {
  locked: { entered: string };
  open: { since: number };
  idle: undefined;
}
interface Own {
  tick(n: number): void;
}

const Lock: ActorDef<Lock, { code: string }> = machine<Lock, States, Own>()({
  events: { press: "cast", state: "call", tick: "internal" },
  initial: ["locked", "idle"],
  init: (ctx, props: { code: string }) => {
    expectTypeOf(ctx.props).toEqualTypeOf<{ code: string }>();
    return props.code === "" ? ["idle"] : ["locked", { entered: "" }];
  },
  states: {
    locked: {
      enter(ctx, from) {
        expectTypeOf(ctx.data).toEqualTypeOf<{ entered: string }>();
        expectTypeOf(from).toEqualTypeOf<"locked" | "open" | "idle" | undefined>();
        ctx.next("tick", 3);
        ctx.next("press", "1");
        // @ts-expect-error -- a number was promised
        ctx.next("tick", "3");
        // @ts-expect-error -- nobody would get the reply
        ctx.next("state");
        // @ts-expect-error -- to enter a state is not to change it
        ctx.goto("open", { since: 1 });
        // @ts-expect-error -- nor to put something aside
        ctx.postpone();
      },
      on: {
        press: {
          to: ["open", "locked"],
          async do(ctx, digit) {
            expectTypeOf(digit).toEqualTypeOf<string>();
            expectTypeOf(ctx.state).toEqualTypeOf<"locked">();
            expectTypeOf(ctx.data).toEqualTypeOf<{ entered: string }>();
            expectTypeOf(ctx.props.code).toEqualTypeOf<string>();
            expectTypeOf(ctx.self).toExtend<Lock>();
            await ctx.sleep(1);
            ctx.goto("open", { since: ctx.now() });
            ctx.repeat();
            ctx.postpone();
            // @ts-expect-error -- that state has other data
            ctx.goto("open", { entered: "" });
            // @ts-expect-error -- and it has some
            ctx.goto("open");
            // @ts-expect-error -- it did not say that it would go there
            ctx.goto("idle");
            // @ts-expect-error -- nor that it would stop
            ctx.stop();
            // @ts-expect-error -- data of another state
            void ctx.data.since;
            // @ts-expect-error -- machines postpone
            ctx.stash();
          },
        },
        state: (ctx) => {
          // @ts-expect-error -- a function stays in its state
          ctx.goto("open", { since: 1 });
          // @ts-expect-error -- and does not end it
          ctx.stop();
          return ctx.state;
        },
        tick: {
          to: "[*]",
          do(ctx, n) {
            expectTypeOf(n).toEqualTypeOf<number>();
            ctx.stop("enough");
            // @ts-expect-error -- there is no way but out
            ctx.goto("idle");
            // @ts-expect-error -- to itself neither
            ctx.repeat();
          },
        },
      },
      after: {
        ms: (ctx) => ctx.data.entered.length,
        to: "idle",
        do(ctx) {
          ctx.goto("idle");
          // @ts-expect-error -- a timeout of a state is no event that could wait
          ctx.postpone();
        },
      },
    },
    open: {
      on: {
        press(ctx, digit) {
          expectTypeOf(digit).toEqualTypeOf<string>();
          expectTypeOf(ctx.data).toEqualTypeOf<{ since: number }>();
        },
        state: () => "open",
      },
      idle: {
        ms: 3,
        do(ctx) {
          ctx.data.since = 1;
          // @ts-expect-error -- without a target it stays
          ctx.goto("idle");
        },
      },
      otherwise(ctx, event) {
        expectTypeOf(ctx.data).toEqualTypeOf<{ since: number }>();
        expectTypeOf(event).toEqualTypeOf<"press" | "state" | "tick">();
        return "refuse";
      },
    },
    idle: { otherwise: "postpone" },
  },
  onDown(ctx) {
    if (ctx.state === "open") expectTypeOf(ctx.data).toEqualTypeOf<{ since: number }>();
    // @ts-expect-error -- hooks send events
    ctx.goto("idle");
    ctx.next("tick", 1);
  },
  exit(ctx) {
    expectTypeOf(ctx.state).toEqualTypeOf<"locked" | "open" | "idle" | undefined>();
    if (ctx.state === "locked") expectTypeOf(ctx.data.entered).toEqualTypeOf<string>();
  },
});

test("a ref is the contract; events of its own are not sent from outside", () => {
  const lock = system.spawn(Lock, { code: "1" });
  expectTypeOf(lock).toExtend<Lock>();
  expectTypeOf(lock.press).toEqualTypeOf<Lock["press"]>();
  // @ts-expect-error -- that one is the machine's own
  lock.tick(1);
  // @ts-expect-error -- props are asked for
  system.spawn(Lock);
  expectTypeOf(mermaid(Lock)).toEqualTypeOf<string>();
});

test("props are what `init` takes", () => {
  const Inferred = machine<Lock, { idle: undefined }>()({
    events: { press: "cast", state: "call" },
    initial: "idle",
    init: (_ctx, _props: { start: number }) => ["idle"],
    states: { idle: { otherwise: "refuse" } },
  });
  expectTypeOf(Inferred).toEqualTypeOf<ActorDef<Lock, { start: number }>>();
  const Without = machine<Lock, { idle: undefined }>()({
    events: { press: "cast", state: "call" },
    initial: "idle",
    init: () => ["idle"],
    states: { idle: { otherwise: "refuse" } },
  });
  expectTypeOf(Without).toEqualTypeOf<ActorDef<Lock>>();
  system.spawn(Without);
});

describe("each state", () => {
  const rest = {
    events: { press: "cast", state: "call" },
    initial: "idle",
    init: (): ["idle"] => ["idle"],
  } as const;
  const otherwise = "refuse";

  test("is there, and no other", () => {
    // @ts-expect-error -- open is missing
    machine<Lock, States>()({ ...rest, states: { locked: { otherwise }, idle: { otherwise } } });
    machine<Lock, States>()({
      ...rest,
      states: {
        locked: { otherwise },
        open: { otherwise },
        idle: { otherwise },
        // @ts-expect-error -- there is no such state
        shut: { otherwise },
      },
    });
  });

  test("handles each event, or says what becomes of it", () => {
    machine<Lock, States>()({
      ...rest,
      states: {
        locked: { otherwise },
        // @ts-expect-error -- Property 'otherwise' is missing … but required in type 'Unhandled<"state", …>'
        open: { on: { press: "ignore" } },
        idle: { on: { press: "ignore", state: "postpone" } },
      },
    });
  });

  test("handles no event that there is not", () => {
    machine<Lock, States>()({
      ...rest,
      states: {
        locked: { otherwise },
        open: { otherwise },
        // @ts-expect-error -- misspelt
        idle: { on: { pres: () => {} }, otherwise },
      },
    });
  });

  test("ignores no call: somebody waits", () => {
    machine<Lock, States>()({
      ...rest,
      states: {
        locked: { otherwise },
        open: { otherwise },
        // @ts-expect-error -- refuse or postpone it
        idle: { on: { state: "ignore" }, otherwise },
      },
    });
  });
});

describe("a handler", () => {
  const rest = {
    events: { press: "cast", state: "call" },
    initial: "locked",
    init: (): ["locked", { entered: string }] => ["locked", { entered: "" }],
  } as const;
  const otherwise = "refuse";
  const others = { open: { otherwise }, idle: { otherwise } } as const;

  test("goes to states that there are", () => {
    machine<Lock, States>()({
      ...rest,
      states: {
        ...others,
        // @ts-expect-error -- misspelt
        locked: { on: { press: { to: ["opne"], do() {} } }, otherwise },
      },
    });
  });

  test("answers with what the contract says, now or later", () => {
    machine<Lock, States>()({
      ...rest,
      states: {
        ...others,
        locked: {
          on: {
            state: {
              to: "idle",
              do(ctx): Reply<"locked" | "open"> {
                ctx.goto("idle");
                return ctx.defer();
              },
            },
          },
          otherwise,
        },
      },
    });
    machine<Lock, States>()({
      ...rest,
      states: {
        ...others,
        locked: {
          on: {
            state(ctx) {
              if (ctx.data.entered === "") throw refuse(new Error("empty"));
              return Promise.resolve("open" as const);
            },
          },
          otherwise,
        },
      },
    });
    machine<Lock, States>()({
      ...rest,
      states: {
        ...others,
        locked: {
          on: {
            state(ctx) {
              if (ctx.data.entered === "") return ctx.postpone();
              return "open";
            },
          },
          otherwise,
        },
      },
    });
    machine<Lock, States>()({
      ...rest,
      states: {
        ...others,
        locked: {
          on: {
            async state(ctx) {
              await ctx.sleep(1);
              return ctx.data.entered === "" ? ctx.postpone() : "open";
            },
          },
          otherwise,
        },
      },
    });
    machine<Lock, States>()({
      ...rest,
      states: {
        ...others,
        // @ts-expect-error -- to answer with nothing is no answer
        locked: { on: { state: () => undefined }, otherwise },
      },
    });
    machine<Lock, States>()({
      ...rest,
      states: {
        ...others,
        // @ts-expect-error -- it promised "locked" or "open"
        locked: { on: { state: () => "shut" }, otherwise },
      },
    });
  });
});

test("`init` begins where it says that it may, with the data of that state", () => {
  const states = {
    locked: { otherwise: "refuse" },
    open: { otherwise: "refuse" },
    idle: { otherwise: "refuse" },
  } as const;
  const events = { press: "cast", state: "call" } as const;
  // @ts-expect-error -- that is not where it begins
  machine<Lock, States>()({ events, initial: "idle", init: () => ["open", { since: 1 }], states });
  machine<Lock, States>()({
    events,
    initial: "open",
    // @ts-expect-error -- that state has other data
    init: () => ["open", { entered: "" }],
    states,
  });
  machine<Lock, States>()({
    events,
    initial: ["open", "idle"],
    init: async (ctx) => (ctx.random() < 0.5 ? ["idle"] : ["open", { since: 1 }]),
    states,
  });
});

test("an event is of the kind that the contract says; a machine has no streams", () => {
  interface Watched {
    watch(): AsyncIterable<number>;
  }
  machine<Lock, { idle: undefined }>()({
    // @ts-expect-error -- a call
    events: { press: "cast", state: "cast" },
    initial: "idle",
    init: () => ["idle"],
    states: { idle: { otherwise: "refuse" } },
  });
  machine<Watched, { idle: undefined }>()({
    // @ts-expect-error -- no stream is an event
    events: { watch: "stream" },
    initial: "idle",
    init: () => ["idle"],
    states: { idle: { otherwise: "refuse" } },
  });
});

test("timeouts send events, with their arguments", () => {
  machine<Lock, { idle: undefined }, Own>()({
    events: { press: "cast", state: "call", tick: "internal" },
    initial: "idle",
    init: () => ["idle"],
    states: {
      idle: {
        enter({ timeouts }) {
          timeouts.set("tick", 5, 1);
          timeouts.set("press", 5, "1");
          timeouts.update("tick", 2);
          timeouts.cancel("tick");
          timeouts.state(1);
          timeouts.event(Infinity);
          // @ts-expect-error -- a number was promised
          timeouts.set("tick", 5, "1");
          // @ts-expect-error -- nobody would get the reply
          timeouts.set("state", 5);
        },
        otherwise: "ignore",
      },
    },
  });
});

test("two machines may know each other, and a contract may be implemented by either way", () => {
  const Plain: ActorDef<Lock> = implement<Lock>()({
    cast: { press() {} },
    call: { state: () => "open" },
  });
  system.spawn(Plain).press("1");
});
