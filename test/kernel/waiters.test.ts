import { expect, test } from "vitest";
import { Waiters } from "../../src/kernel/waiters.ts";

test.each([1, 2, 5])("%d are told in the order in which they came", (count) => {
  const waiters = new Waiters<string>();
  const told: string[] = [];
  for (let n = 0; n < count; n++) waiters.add((value) => told.push(`${n} ${value}`));
  waiters.tell("news");
  expect(told).toEqual(Array.from({ length: count }, (_, n) => `${n} news`));
});

test("those that were forgotten are not told, be they alone, first, last or one of many", () => {
  for (const count of [1, 2, 3]) {
    for (let gone = 0; gone < count; gone++) {
      const waiters = new Waiters<void>();
      const told: number[] = [];
      const all = Array.from({ length: count }, (_, n) => () => void told.push(n));
      for (const waiter of all) waiters.add(waiter);
      waiters.forget(all[gone]!);
      waiters.tell();
      expect(told).toEqual(Array.from({ length: count }, (_, n) => n).filter((n) => n !== gone));
    }
  }
});

test("one that is forgotten by one before it is not told", () => {
  const waiters = new Waiters<void>();
  const told: string[] = [];
  const second = (): void => void told.push("second");
  waiters.add(() => {
    told.push("first");
    waiters.forget(second);
  });
  waiters.add(second);
  waiters.tell();
  expect(told).toEqual(["first"]);
});

test("one that was forgotten leaves room: the next is told, and once", () => {
  const waiters = new Waiters<void>();
  const told: string[] = [];
  const first = (): void => void told.push("first");
  waiters.add(first);
  waiters.forget(first);
  waiters.add(() => void told.push("second"));
  waiters.add(() => void told.push("third"));
  waiters.tell();
  expect(told).toEqual(["second", "third"]);
});
