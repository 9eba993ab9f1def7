import { Worker } from "node:worker_threads";
import { actor, exited, started, StartError, supervisor } from "troupe";
import { register, thread, threads, type ThreadsOptions } from "troupe/threads";
import { describe, expect, test } from "vitest";
import { Saboteur, Victim } from "./actors.ts";
import { module, moduleOf, nextEvent, quietSystem, rejection, twoThreads } from "./stage.ts";

/* What can be wrong with a thread before it has begun is said at once, with what would help. */
const importAll = `import ${JSON.stringify(module.href)};`;
const MODULES: readonly {
  readonly what: string;
  readonly text: string;
  readonly says: RegExp;
}[] = [
  {
    what: "throws",
    text: 'throw new Error("cannot load me")',
    says: /could not load file:.*: Error: cannot load me/,
  },
  {
    what: "throws behind register",
    text: `${importAll} throw new Error("too late")`,
    says: /could not load file:.*: Error: too late/,
  },
  {
    what: "has a syntax error",
    text: "const = 1;",
    says: /could not load file:.*: SyntaxError/,
  },
  {
    what: "imports what is not there",
    text: 'import "./nowhere.mjs";',
    says: /could not load file:.*Cannot find module/,
  },
  {
    what: "never registers, and ends",
    text: "export {};",
    says: /ended before it was ready: file:.* does not call register\(\{ … \}\)/,
  },
  {
    what: "never registers, and goes on",
    text: "setInterval(() => {}, 1_000);",
    says: /was not ready within 300 ms: file:.* is still loading, or never calls register/,
  },
  {
    what: "awaits for ever",
    text: "setInterval(() => {}, 1_000); await new Promise(() => {});",
    says: /was not ready within 300 ms: file:.* is still loading, or never calls register/,
  },
];

/** For modules that are still loading when this is over; the others fail sooner, or it is a busy machine. */
const LIMIT = { startTimeout: 300 };
const limitFor = (text: string): Partial<ThreadsOptions> =>
  text.includes("setInterval") ? LIMIT : {};

describe.each(MODULES)("a module that $what", ({ text, says }) => {
  test("is named to those who were to start on a pool, which fails after three times", async () => {
    await using system = quietSystem();
    const pool = threads({ size: 1, module: moduleOf(text), ...limitFor(text) });
    const poolRef = system.spawn(pool, undefined, { restart: "temporary" });
    let ended = 0;
    system.on(() => void ended++, "threadEnded");
    const failed = nextEvent(system, "failed", ({ actor: name }) => name.startsWith("threads"));
    const ref = system.spawn(Saboteur, undefined, { on: pool });
    const error = await rejection(started(ref));
    expect(error).toBeInstanceOf(StartError);
    expect((error.cause as Error).name).toBe("ThreadError");
    expect(error.message).toMatch(says);
    const { phase, decision } = await failed;
    expect([phase, decision, ended]).toEqual(["thread", "stop", 3]);
    expect((await exited(poolRef)).kind).toBe("failed");
    // Where there will be no thread any more, nobody waits for one.
    const late = await rejection(started(system.spawn(Saboteur, undefined, { on: pool })));
    expect(late.message).toMatch(says);
  });

  test("is named to who was to have a thread of its own", async () => {
    await using system = quietSystem();
    const on = thread({ module: moduleOf(text), ...limitFor(text) });
    const error = await rejection(started(system.spawn(Saboteur, undefined, { on })));
    expect(error.message).toMatch(says);
  });
});

test("what becomes of a pool that gives up is for its supervisor to decide", async () => {
  await using system = quietSystem();
  const pool = threads({ size: 2, module: moduleOf('throw new Error("no")') });
  const App = supervisor({
    intensity: { max: 1, within: 60_000 },
    children: { pool: { actor: pool, restart: "permanent" } },
  });
  const gaveUp = nextEvent(system, "gaveUp");
  const app = system.spawn(App);
  expect((await gaveUp).error.message).toMatch(/restart/);
  expect((await exited(app)).kind).toBe("shutdown");
});

test("one thread of many that fails to start now and then costs nothing", async () => {
  await using system = quietSystem();
  const pool = twoThreads({ size: 1 });
  const poolRef = system.spawn(pool);
  for (let n = 0; n < 5; n++) await poolRef.terminate(0);
  const ref = system.spawn(Saboteur, undefined, { on: pool });
  expect(await ref.isThere()).toBeGreaterThan(0);
  expect(await poolRef.which()).toMatchObject([{ replaced: 5, status: "running", actors: 1 }]);
});

describe("a worker function", () => {
  const WRONG = [
    {
      what: "throws",
      worker: (): Worker => {
        throw new Error("no workers today");
      },
      says: /could not be made: its `worker` function threw Error: no workers today/,
    },
    {
      what: "returns nothing",
      worker: (): undefined => undefined,
      says: /its `worker` function returned undefined; it must return the worker/,
    },
    {
      what: "does not pass its options on",
      worker: (): Worker => new Worker(module),
      says: /the function does not pass on its options, workerData among them/,
    },
    {
      what: "asks the host for what it refuses",
      worker: (): Worker => new Worker(module, { execArgv: ["--no-such-flag"] }),
      says: /could not be made: .*no-such-flag/,
    },
  ];
  test.each(WRONG)("that $what is told so", async ({ worker, says }) => {
    await using system = quietSystem();
    const pool = threads({ size: 2, worker });
    const pooled = rejection(started(system.spawn(Saboteur, undefined, { on: pool })));
    const on = thread({ worker });
    const own = rejection(started(system.spawn(Saboteur, undefined, { on })));
    expect((await pooled).message).toMatch(says);
    expect((await own).message).toMatch(says);
  });

  test("makes the threads", async () => {
    await using system = quietSystem();
    const names: (string | undefined)[] = [];
    const pool = threads({
      size: 2,
      worker: (options) => {
        names.push(options.name);
        return new Worker(module, options);
      },
    });
    expect(await system.spawn(Saboteur, undefined, { on: pool }).isThere()).toBeGreaterThan(0);
    expect(names).toEqual(
      ["threads#1/0", "threads#1/1"].map((name) =>
        expect.stringMatching(name.replace("#1", "#\\d+")),
      ),
    );
  });
});

test("the worker of somebody else that loads the module is let go", async () => {
  const worker = new Worker(module);
  const code = await new Promise((done) => worker.once("exit", done));
  expect(code).toBe(0);
});

describe("refused at once, with what would help:", () => {
  const here = import.meta.url;
  const REFUSED: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      "a file that is not there",
      () => threads({ module: new URL("./nowhere.mjs", here) }),
      /there is no file file:.*nowhere\.mjs; where a bundler made this program/,
    ],
    [
      "a file that has not been compiled",
      () => threads({ module: new URL("./start.test.js", here) }),
      /no file file:.*start\.test\.js, but there is file:.*start\.test\.ts: compile it/,
    ],
    ["no module", () => threads({}), /module is missing; give the file that registers/],
    ["a relative path", () => threads({ module: "./actors.js" }), /it must be a URL/],
    [
      "a data: URL",
      () => threads({ module: "data:text/javascript,0" }),
      /a bundler took the file for data/,
    ],
    ["a fraction of a thread", () => threads({ module, size: 1.5 }), /size is 1\.5/],
    ["fewer threads than none", () => threads({ module, size: -1 }), /size/],
    ["no window", () => threads({ module, window: 0 }), /window/],
    [
      "a watchdog without patience",
      () => thread({ module, watchdog: { limitMs: 0, action: "report" } }),
      /thread: watchdog\.limitMs/,
    ],
    [
      "an unknown action",
      () => threads({ module, watchdog: { limitMs: 1, action: "bark" as "report" } }),
      /watchdog\.action/,
    ],
    ["a limit that is none", () => threads({ module, startTimeout: Number.NaN }), /startTimeout/],
  ];
  test.each(REFUSED)("%s", (_what, make, says) => {
    expect(make).toThrow(says);
  });

  test("a definition that is not registered", async () => {
    await using system = quietSystem();
    const Stray = actor({ name: "stray", call: { ask: () => 1 } });
    expect(() => system.spawn(Stray, undefined, { on: twoThreads() })).toThrow(
      /spawn\(stray\): the definition is not registered.*call register\(\{ … \}\)/,
    );
  });

  test("a definition that the thread does not know", async () => {
    await using system = quietSystem();
    const OnlyHere = actor({ name: "onlyHere", call: { ask: () => 1 } });
    register({ OnlyHere });
    const ref = system.spawn(OnlyHere, undefined, { on: twoThreads({ size: 1 }) });
    expect((await rejection(started(ref))).message).toMatch(
      /"OnlyHere" is not registered on .*, which knows .*Victim.*register it in the module/,
    );
  });

  test("props that cannot be cloned", async () => {
    await using system = quietSystem();
    const signs = { sign: () => {} } as never;
    expect(() => system.spawn(Victim, { signs }, { on: twoThreads() })).toThrow(/victim.*props/);
  });
});
