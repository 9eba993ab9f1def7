import { stop } from "troupe";
import type { PoolStats } from "troupe/pool";
import { expect, test } from "vitest";
import { Fate, Stage } from "./stage.ts";

/** Reads to the end, and how that came. */
function read(stream: AsyncIterable<PoolStats>): { seen: string[]; end: Fate } {
  const seen: string[] = [];
  const end = new Fate(
    (async () => {
      for await (const { done, submitted } of stream) seen.push(`${done} of ${submitted}`);
    })(),
  );
  return { seen, end };
}

test("progress yields the counts when they have changed, no more often than it is said", async () => {
  const stage = new Stage();
  const pool = await stage.open({ size: 2 });
  const { seen, end } = read(pool.progress(100));
  await stage.kit.run();
  await stage.submit(pool, "a", "b", "c");
  expect(seen).toEqual(["0 of 0"]);
  await stage.kit.advance(99);
  expect(seen).toEqual(["0 of 0"]);
  await stage.kit.advance(1);
  expect(seen).toEqual(["0 of 0", "0 of 3"]);
  await stage.kit.advance(1_000);
  expect(seen).toHaveLength(2);
  await stage.pass("a", "b");
  await stage.kit.advance(100);
  expect(seen.at(-1)).toBe("2 of 3");
  expect(end.now).toBe("open");
  await stage.end();
});

test("it ends by itself, behind the last counts, when the factory has finished", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const readers = [read(pool.progress(60_000)), read(pool.progress(100))];
  await stage.kit.run();
  await stage.submit(pool, "a");
  const finished = new Fate(pool.finish());
  await stage.pass("a");
  expect(finished.now).not.toBe("open");
  for (const { seen, end } of readers) {
    expect(seen.at(-1)).toBe("1 of 1");
    expect(end.now).toBe("undefined");
  }
  expect(stage.kit.eventsOf("ended").map(({ actor }) => actor)).toContain("factory#1");
  await stage.end();
});

test("a reader who does not come for the last counts holds the factory for a second at most", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const reader = pool.progress(100)[Symbol.asyncIterator]();
  await reader.next();
  await pool.finish();
  await stage.kit.advance(999);
  expect((await reader.next()).done).not.toBe(true);
  await stage.kit.advance(1);
  await expect(reader.next()).rejects.toThrow("factory#1");
  await stage.end();
});

test("a reader who leaves is not waited for", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  for await (const _ of pool.progress()) break;
  await pool.finish();
  await stage.kit.run();
  expect(stage.kit.eventsOf("ended").map(({ actor }) => actor)).toContain("factory#1");
  await stage.end();
});

test("where the factory is stopped, its readers hear that", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  const { end } = read(pool.progress(100));
  await stage.kit.run();
  void stop(pool);
  await stage.kit.run();
  expect(end.now).toMatch("ActorStoppedError");
  await stage.end();
});

test("an interval that is none is refused, and the factory goes on", async () => {
  const stage = new Stage();
  const pool = await stage.open();
  for (const everyMs of [0, -1, NaN, "1" as never]) {
    const { end } = read(pool.progress(everyMs));
    await stage.kit.run();
    expect(end.now).toBe("BadInputError");
    expect(String(end.error)).toContain("factory#1: progress: everyMs is");
  }
  expect(stage.kit.eventsOf("failed")).toEqual([]);
  await stage.end();
});
