import { exec } from "node:child_process";
import { pbkdf2, randomBytes, createHash } from "node:crypto";
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as unsimulated } from "node:timers";
import { setImmediate as later, setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { actor, createSystem } from "troupe";
import { EscapedAwaitError, simulate } from "troupe/sim";
import { quiet } from "./once.ts";

/** An actor whose only handler does this. */
function doing(work: () => unknown) {
  const Asking = actor({
    name: "asking",
    init: () => 0,
    call: {
      async ask() {
        await work();
        return "done";
      },
    },
  });
  return simulate({
    ...quiet,
    seeds: 1,
    boot: () => createSystem().spawn(Asking),
    workload: { steps: 1, commands: { ask: ({ app }) => app.ask() } },
  });
}

describe("a handler that waits for the host is told apart, with the line where it asks", () => {
  const asks: Readonly<Record<string, () => unknown>> = {
    "a file": () => readFile("/etc/hosts"),
    "a socket": () =>
      new Promise((resolve) => connect(1, "127.0.0.1").on("error", resolve).unref()),
    "a name": () => lookup("localhost"),
    "a timer of node:timers/promises": () => sleep(1),
    "an immediate of node:timers/promises": () => later(),
    "a timer of node:timers": () => new Promise((resolve) => unsimulated(resolve, 1)),
    "a timer that keeps nothing alive": () =>
      new Promise((resolve) => unsimulated(resolve, 1).unref()),
    "a child process": () => promisify(exec)("true"),
    "a key": () => promisify(pbkdf2)("secret", "salt", 1, 8, "sha1"),
    "random bytes": () => promisify(randomBytes)(8),
    "a digest": () => crypto.subtle.digest("SHA-256", new Uint8Array(1)),
    compression: () => promisify(gzip)("text"),
    "a thread": () => new Promise((resolve) => new Worker("1", { eval: true }).on("exit", resolve)),
  };

  test.each(Object.entries(asks))("%s", async (_what, work) => {
    const error = await doing(work).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EscapedAwaitError);
    expect(error).toMatchObject({ code: "TROUPE_ESCAPED_AWAIT" });
    const { message, stack } = error as Error;
    expect(message).toMatch(/^seed 1: asking#\d+ in ask asked the host for \w+, /);
    expect(stack).toContain("host-resources.test.ts");
  });
});

describe("what is done at once escapes nobody", () => {
  const done: Readonly<Record<string, () => unknown>> = {
    "reading a file": () => readFileSync("/etc/hosts"),
    hashing: () => createHash("sha1").update("text").digest("hex"),
    compressing: () => gzipSync("text"),
    "random bytes": () => void randomBytes(8),
    "a structured clone": () => structuredClone({ a: [1] }),
    "a line on the console": () => console.info("a line that a simulated handler prints"),
    "a promise, a microtask, a tick": () =>
      new Promise<void>((resolve) => process.nextTick(() => queueMicrotask(resolve))),
  };

  test.each(Object.entries(done))("%s", async (_what, work) => {
    await expect(doing(work)).resolves.toMatchObject({ commands: { done: 1 } });
  });
});

test("an escape is found also where the code goes on without its answer", async () => {
  const error = await doing(() => void readFile("/etc/hosts")).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(EscapedAwaitError);
});

test("what the host has open already is none of a run's business", async () => {
  const open = unsimulated(() => {}, 60_000);
  await expect(doing(() => undefined)).resolves.toMatchObject({ seeds: 1 });
  clearTimeout(open);
});

test("a client's command that waits for the host is told apart as well", async () => {
  const error = await simulate({
    ...quiet,
    seeds: 1,
    boot: () => createSystem(),
    workload: { steps: 1, commands: { ask: () => sleep(1) } },
  }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(EscapedAwaitError);
  expect((error as Error).message).toMatch(/client 1/);
});

test("so is a boot that does", async () => {
  const error = await simulate({
    ...quiet,
    seeds: 1,
    boot: async () => {
      await sleep(1);
      return createSystem();
    },
  }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(EscapedAwaitError);
});
