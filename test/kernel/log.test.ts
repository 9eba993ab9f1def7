import { afterEach, describe, expect, test, vi } from "vitest";
import { actor, createSystem, exited, started, stop, type Logger } from "troupe";
import { createTestSystem } from "troupe/testing";

const Talker = actor({
  name: "talker",
  cast: {
    say(ctx, message: string, fields?: object) {
      ctx.log.info(message, fields);
    },
    all(ctx) {
      for (const level of ["debug", "info", "warn", "error"] as const) ctx.log[level](level);
    },
    fail(_ctx, error: unknown) {
      throw error;
    },
  },
});

/** What the default logger writes to stderr. */
function stderr(): string[] {
  const lines: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  return lines;
}

afterEach(() => void vi.restoreAllMocks());

describe("by default", () => {
  test("a failure is one line that says who, where, what became of it, and why", async () => {
    const lines = stderr();
    await using system = createSystem({ slowHandlerMs: 60_000 });
    const talker = system.spawn(Talker, undefined, { name: "main" });
    talker.fail(new Error("disk\nfull", { cause: new Error("quota") }));
    await exited(talker);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^error main: failed in fail; stop error=Error: disk full \(at .+\); caused by Error: quota \(at .+\)\n$/,
    );
    expect(lines[0]!.trimEnd()).not.toContain("\n");
  });

  test("nothing is written while all goes well", async () => {
    const lines = stderr();
    const system = createSystem({ slowHandlerMs: 60_000 });
    const talker = system.spawn(Talker);
    await started(talker);
    await stop(talker);
    talker.say("to nobody");
    await system.stop();
    expect(lines).toEqual([]);
  });

  test("what actors log is written with their names, from info on", async () => {
    const lines = stderr();
    await using system = createSystem({ slowHandlerMs: 60_000 });
    const talker = system.spawn(Talker);
    talker.all();
    talker.say("hello", { n: 1, big: 1n, list: [1, 2], text: "x" });
    await started(talker);
    await stop(talker);
    expect(lines.slice(0, 3)).toEqual([
      "info  talker#1: info\n",
      "warn  talker#1: warn\n",
      "error talker#1: error\n",
    ]);
    expect(lines.filter((line) => line.includes("debug"))).toEqual([]);
  });

  test("a field that cannot be shown does not cost the line, nor the actor", async () => {
    const lines = stderr();
    await using system = createSystem({ slowHandlerMs: 60_000 });
    const circle: { self?: object } = {};
    circle.self = circle;
    const talker = system.spawn(Talker);
    talker.say("hello", { n: 1, big: 1n, circle });
    await started(talker);
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toBe(
      "info  talker#1: hello n=1 big=1 circle=something that cannot be shown\n",
    );
  });
});

test("logger: false writes nothing at all", async () => {
  const lines = stderr();
  await using system = createSystem({ logger: false });
  const talker = system.spawn(Talker);
  talker.all();
  talker.fail(new Error("boom"));
  await exited(talker);
  expect(lines).toEqual([]);
});

test("a logger of one's own gets level, fields with the actor's name, and message, as pino does", async () => {
  const lines: unknown[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push([level, fields, message]);
  const logger: Logger = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
  await using system = createSystem({ logger });
  const talker = system.spawn(Talker, undefined, { name: "main" });
  talker.say("hello", { n: 1 });
  const error = new Error("boom");
  talker.fail(error);
  await exited(talker);
  expect(lines).toEqual([
    ["info", { actor: "main", n: 1 }, "hello"],
    ["error", { actor: "main", error }, "failed in fail; stop"],
  ]);
});

test("the test kit keeps every line", async () => {
  const kit = createTestSystem();
  kit.system.spawn(Talker).all();
  await kit.run();
  expect(kit.log.map(({ level, fields }) => [level, fields])).toEqual(
    ["debug", "info", "warn", "error"].map((level) => [level, { actor: "talker#1" }]),
  );
});
