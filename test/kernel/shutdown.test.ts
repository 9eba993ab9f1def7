import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { actor, started } from "troupe";
import { createTestSystem } from "troupe/testing";

const CHILD = fileURLToPath(new URL("../support/shutdown-child.mjs", import.meta.url));

describe("a coordinated shutdown", () => {
  test("runs its phases one after the other, then stops the actors", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Closing = actor({ exit: () => void log.push("actor") });
    await started(kit.system.spawn(Closing));
    kit.system.phase("first", async () => {
      await kit.system.deadline(new Promise(() => {}), 100).catch(() => {});
      log.push("first");
    });
    kit.system.phase("second", () => void log.push("second"));
    const done = kit.system.shutdown();
    await kit.advance(100);
    expect(await done).toBe(true);
    expect(log).toEqual(["first", "second", "actor"]);
  });

  test("goes on without a phase that takes too long, by default after 5,000 ms, and says so", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    kit.system.phase("hangs", () => new Promise(() => {}));
    kit.system.phase("hangs shorter", () => new Promise(() => {}), { timeout: 10 });
    kit.system.phase("last", () => void log.push(`last at ${kit.world.now()}`));
    const done = kit.system.shutdown();
    await kit.advance(5_010);
    expect(await done).toBe(false);
    expect(log).toEqual(["last at 5010"]);
    expect(kit.eventsOf("hookFailed").map(({ hook }) => hook)).toEqual([
      "shutdown phase hangs",
      "shutdown phase hangs shorter",
    ]);
  });

  test("did not go well when an actor had to be killed, which is told", async () => {
    const kit = createTestSystem();
    const Busy = actor({ name: "busy", cast: { hang: () => new Promise(() => {}) } });
    const busy = kit.system.spawn(Busy);
    busy.hang();
    await kit.run();
    const done = kit.system.shutdown();
    await kit.advance(5_000);
    expect(await done).toBe(false);
    expect(kit.eventsOf("overdue")).toMatchObject([{ shutdownMs: 5_000 }]);
    expect(kit.log.map(({ message }) => message)).toEqual([
      "did not end within 5000 ms, and was killed",
    ]);
  });

  test("did not go well when an exit hook threw", async () => {
    const kit = createTestSystem();
    const Clumsy = actor({
      exit() {
        throw new Error("dropped it");
      },
    });
    await started(kit.system.spawn(Clumsy));
    expect(await kit.system.shutdown()).toBe(false);
  });

  test("goes on after a phase that fails, and says so", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    kit.system.phase("fails", () => {
      throw new Error("no");
    });
    kit.system.phase("last", () => void log.push("last"));
    expect(await kit.system.shutdown()).toBe(false);
    expect(log).toEqual(["last"]);
  });

  test("runs once, however often it is asked for", async () => {
    const kit = createTestSystem();
    let runs = 0;
    kit.system.phase("count", () => void runs++);
    expect(await Promise.all([kit.system.shutdown(), kit.system.shutdown()])).toEqual([true, true]);
    expect(await kit.system.shutdown()).toBe(true);
    expect(runs).toBe(1);
  });

  test("has no two phases of one name", () => {
    const { system } = createTestSystem();
    system.phase("flush", () => {});
    expect(() => system.phase("flush", () => {})).toThrow('there is a phase "flush" already');
  });

  test("may start at a signal and leave the process alone; a stop of the system ends the listening", async () => {
    const kit = createTestSystem();
    kit.system.shutdownOnSignals({ signals: ["SIGUSR2"], exit: false });
    expect(process.listenerCount("SIGUSR2")).toBe(1);
    process.emit("SIGUSR2");
    await kit.system.stopped();
    await kit.run();
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });
});

async function run(how: string, signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [CHILD, how], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (output === "") child.kill(signal);
    output += text;
    if (how === "stuck" && output.includes("stop accepting")) child.kill(signal);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, lines: output.trim().split("\n") };
}

describe("a process", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("exits 0 at %s when all ended well", async (signal) => {
    expect(await run("well", signal)).toEqual({
      code: 0,
      lines: ["ready", "stop accepting", "flush", "actor closed"],
    });
  });

  test("exits 1 at once at a second signal, whatever still hangs", async () => {
    expect(await run("stuck", "SIGINT")).toEqual({ code: 1, lines: ["ready", "stop accepting"] });
  });

  test.each(["hang", "fail"])("exits 1 when a phase did not end well (%s)", async (how) => {
    expect(await run(how, "SIGTERM")).toEqual({
      code: 1,
      lines: ["ready", "stop accepting", "actor closed"],
    });
  });
});
