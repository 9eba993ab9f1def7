import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { actor, kill, started, stop } from "troupe";
import { thread, threads } from "troupe/threads";
import { expect, test } from "vitest";
import { bundleForThreads } from "../support/bundle-for-threads.ts";
import { Saboteur, Victim } from "./actors.ts";
import { module, quietSystem, signsIn } from "./stage.ts";

/* A system that has ended leaves no thread and no handle behind, and the process ends by itself. */
function kindsOfHandles(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /port|worker/i.test(kind));
}

test("when a system has stopped, all of its threads are gone", async () => {
  const before = kindsOfHandles();
  const alive = new Set<Worker>();
  const worker = (options: WorkerOptions): Worker => {
    const made = new Worker(module, options);
    alive.add(made);
    made.once("exit", () => alive.delete(made));
    return made;
  };
  const system = quietSystem();
  const pool = threads({ size: 2, worker });
  const poolRef = system.spawn(pool);
  const own = thread({ worker });
  const all = Array.from({ length: 4 }, (_, n) =>
    system.spawn(Saboteur, undefined, { on: n % 2 === 0 ? pool : own, restart: "permanent" }),
  );
  await Promise.all(all.map((ref) => ref.isThere()));
  expect(alive.size).toBe(4);
  // One on its way out, one that blocks, one that has not begun.
  void poolRef.terminate(0);
  all[1]!.block();
  const early = system.spawn(Saboteur, undefined, { on: own });
  void kill(all[1]!);
  void started(early).catch(() => {});
  await system.stop();
  expect(alive.size).toBe(0);
  expect(kindsOfHandles()).toEqual(before);
});

test("a thread over which a call is still answered ends with its system, though its actor is gone", async () => {
  const system = quietSystem();
  const ends: string[] = [];
  system.on((event) => {
    if (event.type === "threadEnded") ends.push(event.error.message);
  });
  const holds = actor({ name: "holds", call: { pass: (ctx) => ctx.defer<string>() } });
  const holder = system.spawn(holds);
  const { signs } = signsIn(system);
  const victim = system.spawn(Victim, { signs }, { on: thread({ module }) });
  await victim.value();
  const passed = victim.passOn(holder, "on");
  const why = passed.catch((error: Error) => error.name);
  await victim.value();
  await stop(victim);
  expect(ends).toEqual([]);
  await system.stop();
  expect(ends).toEqual([expect.stringContaining("has ended with its system")]);
  expect(await why).toBe("ActorStoppedError");
});

test.each(["pool", "thread", "killed", "stop the pool"])(
  "a process with threads ends by itself: %s",
  async (how) => {
    const main = fileURLToPath(bundleForThreads(new URL("./alone.ts", import.meta.url)));
    const child = spawn(process.execPath, [main, module.href, how], { stdio: "pipe" });
    let said = "";
    child.stdout.on("data", (data: Buffer) => (said += data.toString()));
    child.stderr.on("data", (data: Buffer) => (said += data.toString()));
    const code = await new Promise((done) => child.once("exit", done));
    expect([said.trim(), code]).toEqual(["done", 0]);
  },
);
