import { expect, test, vi } from "vitest";
import { inSize } from "../../bench/smoke.ts";
import { timed } from "../../bench/task.ts";
import type { Task } from "../../bench/workload.ts";

const task = (divisible: boolean): Task =>
  timed({
    label: "x",
    adapter: "x",
    size: { messages: 100_000 },
    ops: ({ messages = 0 }) => messages,
    divisible,
    troupe: () => (ops) => ops,
  });

test("whoever does not do what he was asked for has no figure", async () => {
  const { size, begin } = task(true);
  await expect(begin((ops: number) => ops - 1, size)).rejects.toThrow(
    "the result is 99999, and should be 100000",
  );
});

test("the figure is the time for one operation", async () => {
  const now = vi.spyOn(performance, "now");
  const { size, begin } = task(true);
  const turn = await begin((ops: number) => ops, size);
  // 100,000 operations within 2 ms.
  for (const at of [10, 12]) now.mockReturnValueOnce(at);
  expect(await turn()).toEqual([20]);
  now.mockRestore();
});

test.each([
  [true, 10_000],
  [false, 100_000],
])("who is slow does fewer, where the task can be divided: %s", async (divisible, fewer) => {
  const now = vi.spyOn(performance, "now");
  let ms = 0;
  now.mockImplementation(() => ms);
  const asked: number[] = [];
  const { size, begin } = task(divisible);
  // 20 µs for each.
  const round = (ops: number): number => {
    asked.push(ops);
    ms += ops * 0.02;
    return ops;
  };
  const turn = await begin(round, size);
  await turn();
  expect(asked).toEqual([100_000, fewer]);
  now.mockRestore();
});

test("a smoke run is small, and all others are as large as the task says", () => {
  expect(inSize({ messages: 1_000_000, atOnce: 10 }, true)).toEqual({ messages: 100, atOnce: 10 });
  expect(inSize({ messages: 1_000_000 }, false)).toEqual({ messages: 1_000_000 });
});
