import { EventEmitter } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import {
  actor,
  createSystem,
  exited,
  fromEvents,
  isAlive,
  kill,
  restart,
  started,
  status,
  stop,
  type InitContext,
  type Source,
  type SourceOptions,
} from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

type Feed = (ctx: InitContext, log: unknown[]) => void;

/** Opens its sources in `init`, as the test says. */
const Fed = actor({
  name: "fed",
  init(ctx, props: { feed: Feed; log: unknown[] }) {
    props.feed(ctx, props.log);
    return props;
  },
  cast: {
    async hold(_ctx, until: Promise<unknown>) {
      await until;
    },
    note(ctx, what: string) {
      ctx.state.log.push(what);
    },
  },
});

function setUp(feed: Feed, options: { restart?: "permanent"; resume?: boolean } = {}) {
  const kit = createTestSystem();
  const log: unknown[] = [];
  const fed = kit.system.spawn(
    Fed,
    { feed, log },
    {
      restart: options.restart ?? "temporary",
      ...(options.resume === true ? { onFailure: () => "resume" as const } : {}),
    },
  );
  return { kit, log, fed };
}

/** Feeds the log from a source, and notes its end. */
function into<T>(source: Source<T>, options: SourceOptions = {}): Feed {
  return (ctx, log) =>
    void ctx.source(source, (item) => void log.push(item), {
      onEnd: () => void log.push("end"),
      ...options,
    });
}

/** An async iterator that a test steps by hand, and that counts what is asked of it. */
class Manual<T> implements AsyncIterableIterator<T> {
  asked = 0;
  returned = 0;
  readonly #steps: ReturnType<typeof gate<IteratorResult<T>>>[] = [];

  next(): Promise<IteratorResult<T>> {
    this.asked++;
    const step = gate<IteratorResult<T>>();
    this.#steps.push(step);
    return step.passed;
  }

  give(value: T): void {
    this.#steps.shift()!.open({ done: false, value });
  }

  end(): void {
    this.#steps.shift()!.open({ done: true, value: undefined });
  }

  fail(error: unknown): void {
    this.#steps.shift()!.fail(error);
  }

  return(): Promise<IteratorResult<T>> {
    this.returned++;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function* letters(): AsyncGenerator<string> {
  yield "a";
  yield "b";
  yield "c";
}

function* forEver(): Generator<number> {
  for (let n = 0; ; n++) yield n;
}

const fromForEver: Feed = (ctx) => void ctx.source(forEver(), () => {});

function* broken(): Generator<string> {
  yield "a";
  throw new Error("out of letters");
}

function eat(item: string, log: unknown[]): void {
  if (item === "b") throw new Error("indigestible");
  log.push(item);
}

/** Lets the host do its own: streams that are not of the virtual world. */
async function hostTurns(kit: ReturnType<typeof createTestSystem>, turns = 10): Promise<void> {
  for (let i = 0; i < turns; i++) {
    // oxlint-disable-next-line no-await-in-loop -- turn after turn
    await kit.run();
  }
}

describe("everything that yields can be a source:", () => {
  test.each<[string, () => Source<string>]>([
    ["an async generator", letters],
    ["an array", () => ["a", "b", "c"]],
    ["a sync iterator", () => new Set(["a", "b", "c"]).values()],
    ["a Node stream", () => Readable.from(["a", "b", "c"])],
    ["a web stream", () => Readable.toWeb(Readable.from(["a", "b", "c"])) as Source<string>],
    [
      "a web stream that cannot be iterated",
      () => ({
        getReader: () =>
          (Readable.toWeb(Readable.from(["a", "b", "c"])) as ReadableStream<string>).getReader(),
      }),
    ],
  ])("%s", async (_what, source) => {
    const { kit, log } = setUp((ctx, lines) => into(source())(ctx, lines));
    await hostTurns(kit);
    expect(log).toEqual(["a", "b", "c", "end"]);
  });

  test("an interval", async () => {
    const kit = createTestSystem();
    const log: number[] = [];
    const Beat = actor({
      init(ctx) {
        ctx.source(kit.system.interval(100), (n) => void log.push(n));
        return {};
      },
    });
    const beat = kit.system.spawn(Beat);
    await kit.advance(350);
    expect(log).toEqual([0, 1, 2]);
    await stop(beat);
    await kit.advance(1_000);
    expect(log).toEqual([0, 1, 2]);
  });
});

test("what yields nothing is refused at once", async () => {
  const { kit, fed } = setUp((ctx) => void ctx.source(7 as unknown as Source<number>, () => {}));
  await kit.run();
  expect(await exited(fed)).toMatchObject({ error: { code: "TROUPE_BAD_INPUT" } });
});

test("an item is a message, and may change the state", async () => {
  const kit = createTestSystem();
  const Adder = actor({
    init: () => ({ sum: 0 }),
    call: {
      add(ctx, source: Source<number>) {
        const reply = ctx.defer<number>();
        ctx.source(source, (n) => void (ctx.state.sum += n), {
          onEnd: () => reply.resolve(ctx.state.sum),
        });
        return reply;
      },
    },
  });
  expect(await kit.system.spawn(Adder).add([1, 2, 3])).toBe(6);
});

describe("back-pressure:", () => {
  test("the next item is asked for when the one before has been handled, and not sooner", async () => {
    const source = new Manual<string>();
    const { kit, log, fed } = setUp(into(source));
    await kit.run();
    expect(source.asked).toBe(1);
    const hold = gate();
    fed.hold(hold.passed);
    await kit.run();
    source.give("a");
    await kit.run();
    expect([source.asked, log]).toEqual([1, []]);
    hold.open();
    await kit.run();
    expect([source.asked, log]).toEqual([2, ["a"]]);
  });

  test("an item whose handler is async holds the next until it is done", async () => {
    const source = new Manual<string>();
    const hold = gate();
    const { kit } = setUp((ctx) => void ctx.source(source, () => hold.passed));
    await kit.run();
    source.give("a");
    await kit.run();
    expect(source.asked).toBe(1);
    hold.open();
    await kit.run();
    expect(source.asked).toBe(2);
  });

  test("a source that never ends leaves its actor to others", async () => {
    // On the host's clock: virtual time stands still while an actor has something to do.
    const system = createSystem({ logger: false });
    const log: unknown[] = [];
    const fed = system.spawn(Fed, { feed: fromForEver, log });
    await started(fed);
    fed.note("heard");
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(["heard"]);
    await system.stop();
  });
});

describe("priority:", () => {
  test("high items go before messages, normal ones in turn, low ones when nothing else waits", async () => {
    const sources = {
      high: new Manual<string>(),
      normal: new Manual<string>(),
      low: new Manual<string>(),
    };
    const { kit, log, fed } = setUp((ctx, lines) => {
      for (const priority of ["low", "normal", "high"] as const) {
        into(sources[priority], { priority })(ctx, lines);
      }
    });
    await kit.run();
    const hold = gate();
    fed.hold(hold.passed);
    fed.note("message 1");
    await kit.run();
    for (const [name, source] of Object.entries(sources)) source.give(name);
    await kit.run();
    fed.note("message 2");
    hold.open();
    await kit.run();
    expect(log).toEqual(["high", "message 1", "normal", "message 2", "low"]);
  });

  test("a low source goes on when the messages are done, item after item", async () => {
    const { kit, log, fed } = setUp(into(["a", "b"], { priority: "low" }));
    fed.note("1");
    fed.note("2");
    await kit.run();
    expect(log).toEqual(["1", "2", "a", "b", "end"]);
  });

  test("one that does not exist is refused", async () => {
    const { fed } = setUp(into([], { priority: "urgent" as "high" }));
    expect(await exited(fed)).toMatchObject({
      error: { message: 'source: priority is "urgent"; it can be "high", "normal", "low"' },
    });
  });
});

describe("a source that fails", () => {
  test("fails its actor", async () => {
    const source = new Manual<string>();
    const { kit, log, fed } = setUp(into(source));
    await kit.run();
    source.fail(new Error("broken pipe"));
    expect(await exited(fed)).toMatchObject({ error: { message: "broken pipe" } });
    expect(kit.eventsOf("failed")).toMatchObject([{ phase: "source" }]);
    expect(log).toEqual([]);
  });

  test("informs its actor where that is asked for, and is not polled again", async () => {
    const source = new Manual<string>();
    const { kit, log, fed } = setUp((ctx, lines) =>
      into(source, { onError: (error) => void lines.push(error) })(ctx, lines),
    );
    await kit.run();
    const error = new Error("broken pipe");
    source.fail(error);
    await kit.run();
    expect(log).toEqual([error]);
    expect(source.asked).toBe(1);
    expect(isAlive(fed)).toBe(true);
  });

  test("does so as well when it throws in place of rejecting", async () => {
    const { kit, log } = setUp((ctx, lines) =>
      into(broken(), { onError: (error) => void lines.push(String(error)) })(ctx, lines),
    );
    await kit.run();
    expect(log).toEqual(["a", "Error: out of letters"]);
  });

  test("by answering nonsense fails its actor, and nothing reaches the process", async () => {
    const nonsense = { next: () => Promise.resolve(undefined) } as unknown as AsyncIterator<string>;
    const { fed } = setUp(into({ [Symbol.asyncIterator]: () => nonsense }));
    expect(await exited(fed)).toMatchObject({ error: { code: "TROUPE_BAD_INPUT" } });
  });
});

test("a source that has ended is not polled again", async () => {
  const source = new Manual<string>();
  const { kit, log } = setUp(into(source));
  await kit.run();
  source.end();
  await kit.run();
  expect(log).toEqual(["end"]);
  expect([source.asked, source.returned]).toEqual([1, 0]);
});

describe("a handler of items that throws", () => {
  test("fails the actor, and ends the source", async () => {
    const source = new Manual<string>();
    const { kit, fed } = setUp(
      (ctx) =>
        void ctx.source(source, () => {
          throw new Error("indigestible");
        }),
    );
    await kit.run();
    source.give("a");
    expect(await exited(fed)).toMatchObject({ error: { message: "indigestible" } });
    expect([source.asked, source.returned]).toEqual([1, 1]);
  });

  test.each([
    ["at once", (item: string, log: unknown[]) => eat(item, log)],
    [
      "behind an await",
      async (item: string, log: unknown[]) => {
        await Promise.resolve();
        eat(item, log);
      },
    ],
  ])("%s, where the actor is told to resume, leaves the source running", async (_how, handle) => {
    const { kit, log } = setUp(
      (ctx, lines) => void ctx.source(letters(), (l) => handle(l, lines)),
      {
        resume: true,
      },
    );
    await kit.run();
    expect(log).toEqual(["a", "c"]);
  });
});

describe("a source ends with its incarnation:", () => {
  test.each([
    ["stop", (ref: Parameters<typeof stop>[0]) => stop(ref)],
    ["kill", (ref: Parameters<typeof kill>[0]) => kill(ref)],
  ])("%s calls its return, and what it still yields is not seen", async (_how, end) => {
    const source = new Manual<string>();
    const { kit, log, fed } = setUp(into(source));
    await kit.run();
    await end(fed);
    expect(source.returned).toBe(1);
    source.give("late");
    await kit.run();
    expect(log).toEqual([]);
  });

  test("a restart gives its replacement a source of its own", async () => {
    const sources = [new Manual<string>(), new Manual<string>()];
    let next = 0;
    const { kit, log, fed } = setUp((ctx, lines) => into(sources[next++]!)(ctx, lines), {
      restart: "permanent",
    });
    await kit.run();
    await restart(fed);
    expect(sources[0]!.returned).toBe(1);
    sources[0]!.give("old");
    sources[1]!.give("new");
    await kit.run();
    expect(log).toEqual(["new"]);
  });

  test.each(["high", "normal", "low"] as const)(
    "an item of %s priority that is queued already is not seen by the replacement",
    async (priority) => {
      const source = new Manual<string>();
      let first = true;
      const { kit, log, fed } = setUp(
        (ctx, lines) => {
          if (first) into(source, { priority })(ctx, lines);
          first = false;
        },
        { restart: "permanent" },
      );
      await kit.run();
      const hold = gate();
      fed.hold(hold.passed);
      await kit.run();
      source.give("old");
      await kit.run();
      const again = restart(fed);
      hold.open();
      await again;
      await kit.run();
      expect(log).toEqual([]);
    },
  );

  test("a source can be ended by hand, and leaves the actor alone", async () => {
    const source = new Manual<string>();
    let pump!: Disposable;
    const { kit, fed } = setUp((ctx) => {
      pump = ctx.source(source, () => {});
    });
    await kit.run();
    pump[Symbol.dispose]();
    pump[Symbol.dispose]();
    await kit.run();
    expect(source.returned).toBe(1);
    expect(status(fed)).toBe("running");
  });

  test("one that was ended by hand is not heard of, though its end is queued already", async () => {
    const { kit, log } = setUp((ctx, lines) => {
      ctx.source([], () => {}, { onEnd: () => lines.push("end") })[Symbol.dispose]();
    });
    await kit.run();
    expect(log).toEqual([]);
  });

  test("a Node stream that is quiet is destroyed", async () => {
    const stream = new PassThrough({ objectMode: true });
    const { kit, log, fed } = setUp(into<string>(stream));
    await hostTurns(kit);
    stream.write("a");
    await hostTurns(kit);
    expect(log).toEqual(["a"]);
    await stop(fed);
    expect(stream.destroyed).toBe(true);
  });

  test("a web stream that is quiet is cancelled", async () => {
    let cancelled = 0;
    const stream = new ReadableStream<string>({
      pull: () => new Promise<void>(() => {}),
      cancel: () => void cancelled++,
    });
    const { kit, fed } = setUp(into<string>(stream));
    await hostTurns(kit);
    await stop(fed);
    await hostTurns(kit);
    expect(cancelled).toBe(1);
  });

  test("a return that throws or rejects is nobody's failure", async () => {
    const angry = new Manual<string>();
    angry.return = () => {
      throw new Error("leave me alone");
    };
    const sad = new Manual<string>();
    sad.return = () => Promise.reject(new Error("leave me alone"));
    const { kit, fed } = setUp((ctx, log) => {
      into(angry)(ctx, log);
      into(sad)(ctx, log);
    });
    await kit.run();
    expect(await stop(fed)).toEqual({ kind: "normal" });
  });
});

describe("an event emitter as a source", () => {
  test("gives every event, in order, from when the actor began to listen", async () => {
    const emitter = new EventEmitter();
    const { kit, log } = setUp(into(fromEvents<number>(emitter, "tick")));
    emitter.emit("tick", 0);
    await kit.run();
    for (const n of [1, 2, 3]) emitter.emit("tick", n);
    await kit.run();
    expect(log).toEqual([1, 2, 3]);
  });

  test("can be an event target", async () => {
    const target = new EventTarget();
    const { kit, log, fed } = setUp((ctx, lines) => {
      ctx.source(fromEvents<Event>(target, "ping"), (event) => void lines.push(event.type));
    });
    await kit.run();
    target.dispatchEvent(new Event("ping"));
    await kit.run();
    expect(log).toEqual(["ping"]);
    await stop(fed);
    target.dispatchEvent(new Event("ping"));
    await kit.run();
    expect(log).toEqual(["ping"]);
  });

  test("stops listening when the actor ends, however it waits", async () => {
    const emitter = new EventEmitter();
    const { kit, fed } = setUp(into(fromEvents(emitter, "tick", { until: "close" })));
    await kit.run();
    expect(emitter.eventNames()).toEqual(["tick", "close", "error"]);
    await stop(fed);
    expect(emitter.eventNames()).toEqual([]);
  });

  test("drops the oldest when its buffer is full, and counts what it dropped", async () => {
    const emitter = new EventEmitter();
    const events = fromEvents<number>(emitter, "tick", { capacity: 2 });
    const { kit, log, fed } = setUp(into(events));
    await kit.run();
    const hold = gate();
    fed.hold(hold.passed);
    await kit.run();
    for (const n of [1, 2, 3, 4, 5]) emitter.emit("tick", n);
    hold.open();
    await kit.run();
    // The first is on its way to the actor already.
    expect(log).toEqual([1, 4, 5]);
    expect(events.dropped).toBe(2);
  });

  test("drops the newest where that is asked for", async () => {
    const emitter = new EventEmitter();
    const events = fromEvents<number>(emitter, "tick", { capacity: 2, whenFull: "dropNewest" });
    const { kit, log, fed } = setUp(into(events));
    await kit.run();
    const hold = gate();
    fed.hold(hold.passed);
    await kit.run();
    for (const n of [1, 2, 3, 4, 5]) emitter.emit("tick", n);
    hold.open();
    await kit.run();
    expect(log).toEqual([1, 2, 3]);
    expect(events.dropped).toBe(2);
  });

  test("fails with the emitter's error, after what came before it", async () => {
    const emitter = new EventEmitter();
    const { kit, log, fed } = setUp(into(fromEvents(emitter, "tick")));
    await kit.run();
    emitter.emit("tick", 1);
    emitter.emit("tick", 2);
    emitter.emit("error", new Error("unplugged"));
    expect(await exited(fed)).toMatchObject({ error: { message: "unplugged" } });
    expect(log).toEqual([1, 2]);
    expect(emitter.eventNames()).toEqual([]);
  });

  test("ends with the event that says so, after what came before it", async () => {
    const emitter = new EventEmitter();
    const { kit, log } = setUp(into(fromEvents(emitter, "tick", { until: "close" })));
    await kit.run();
    emitter.emit("tick", 1);
    emitter.emit("close");
    emitter.emit("tick", 2);
    await kit.run();
    expect(log).toEqual([1, "end"]);
    expect(emitter.eventNames()).toEqual([]);
  });

  test("can be of errors themselves", async () => {
    const emitter = new EventEmitter();
    const { kit, log } = setUp(into(fromEvents<Error>(emitter, "error")));
    await kit.run();
    const error = new Error("oops");
    emitter.emit("error", error);
    await kit.run();
    expect(log).toEqual([error]);
  });

  test("is iterated by anybody else just as well", async () => {
    const emitter = new EventEmitter();
    const read = follow(
      (async () => {
        const got: number[] = [];
        for await (const n of fromEvents<number>(emitter, "tick")) {
          got.push(n);
          if (n === 2) break;
        }
        return got;
      })(),
    );
    for (const n of [1, 2, 3]) emitter.emit("tick", n);
    await new Promise((resolve) => setImmediate(resolve));
    expect(read.outcomes).toEqual([{ value: [1, 2] }]);
    expect(emitter.eventNames()).toEqual([]);
  });
});
