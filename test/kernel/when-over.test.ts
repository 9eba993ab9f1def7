import { expect, test } from "vitest";
import { actor, exited, kill, restart, started, stop } from "troupe";
import { createTestSystem } from "troupe/testing";
import { whenOver } from "../../src/kernel/when-over.ts";

function watched(journal: string[]) {
  return actor({
    init: (ctx) => {
      ctx.signal.addEventListener("abort", () => journal.push("signal"));
      whenOver(ctx, () => journal.push("over"));
    },
    call: {
      fail: () => {
        throw new Error("broken");
      },
    },
    exit: async () => {
      await Promise.resolve();
      journal.push("exit");
    },
  });
}

test("it is told once, behind the exit hook, at every end but a kill", async () => {
  await using kit = createTestSystem();
  const journal: string[] = [];
  const ref = kit.system.spawn(watched(journal), undefined, { restart: "permanent" });
  await started(ref);
  await restart(ref);
  await ref.fail().catch(() => {});
  await kit.run();
  await stop(ref);
  const life = ["signal", "exit", "over"];
  expect(journal).toEqual([...life, ...life, ...life]);
});

test("whoever is forgotten before that is not told", async () => {
  await using kit = createTestSystem();
  const journal: string[] = [];
  const Forgetful = actor({
    init: (ctx) => {
      whenOver(ctx, () => journal.push("kept"));
      whenOver(ctx, () => journal.push("forgotten"))();
      const { signal } = ctx;
      whenOver({ signal }, () => journal.push("by the signal"));
      whenOver({ signal }, () => journal.push("forgotten"))();
    },
  });
  const ref = kit.system.spawn(Forgetful);
  await started(ref);
  await stop(ref);
  expect(journal).toEqual(["by the signal", "kept"]);
});

test("at a kill it is told at once", async () => {
  await using kit = createTestSystem();
  const journal: string[] = [];
  const ref = kit.system.spawn(watched(journal));
  await started(ref);
  void kill(ref);
  expect(journal).toEqual(["signal", "over"]);
  await exited(ref);
  expect(journal).toHaveLength(2);
});

test("when a pending init is cut off it is told, and one that asks later hears at once", async () => {
  await using kit = createTestSystem();
  const journal: string[] = [];
  let goOn: (() => void) | undefined;
  const Slow = actor({
    init: async (ctx) => {
      whenOver(ctx, () => journal.push("first"));
      await new Promise<void>((resolve) => (goOn = resolve));
      whenOver(ctx, () => journal.push("second"));
    },
  });
  const ref = kit.system.spawn(Slow);
  await kit.run();
  await stop(ref);
  expect(journal).toEqual(["first"]);
  goOn?.();
  await kit.run();
  expect(journal).toEqual(["first", "second"]);
});
