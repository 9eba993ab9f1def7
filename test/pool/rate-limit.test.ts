import { leakyBucket, type LeakyBucketOptions } from "troupe/pool";
import { expect, test } from "vitest";

/** How many come in at each of these times, of ten that would. */
function letIn(options: LeakyBucketOptions, ...times: number[]): number[] {
  const bucket = leakyBucket(options)();
  return times.map((now) => {
    let count = 0;
    for (let n = 0; n < 10 && bucket.check(now); n++, count++) bucket.bump(now);
    return count;
  });
}

test("as many come in at once as there is room for, and room comes back with each interval", () => {
  const options = { max: 5, refill: 2, everyMs: 100 };
  expect(letIn(options, 0, 50, 99, 100, 199, 200, 1_000)).toEqual([5, 0, 0, 2, 0, 2, 5]);
});

test("intervals count from the first look, and what is left of one is not lost", () => {
  const options = { max: 3, refill: 1, everyMs: 100 };
  expect(letIn(options, 1_050, 1_149, 1_150, 1_290, 1_350)).toEqual([3, 0, 1, 1, 1]);
});

test("the room at the beginning may be less, and is never more than there may be", () => {
  expect(letIn({ max: 5, refill: 2, everyMs: 100, initial: 0 }, 0, 100)).toEqual([0, 2]);
  expect(letIn({ max: 5, refill: 2, everyMs: 100, initial: 9 }, 0)).toEqual([5]);
});

test("a refill may be less than one: room comes back over several intervals", () => {
  expect(letIn({ max: 1, refill: 0.25, everyMs: 100 }, 0, 100, 300, 400)).toEqual([1, 0, 0, 1]);
});

test("to look takes nothing", () => {
  const bucket = leakyBucket({ max: 1, refill: 1, everyMs: 100 })();
  expect([bucket.check(0), bucket.check(0), bucket.check(0)]).toEqual([true, true, true]);
});

test("each factory has a bucket of its own", () => {
  const make = leakyBucket({ max: 1, refill: 1, everyMs: 100 });
  make().bump(0);
  expect(make().check(0)).toBe(true);
});

function bad(options: object): () => unknown {
  return () => leakyBucket(options as LeakyBucketOptions);
}

test("options that cannot work are named", () => {
  const good = { max: 1, refill: 1, everyMs: 1 };
  expect(bad({ ...good, max: 0.5 })).toThrow("leakyBucket: max is 0.5; it must be at least 1");
  expect(bad({ ...good, refill: 0 })).toThrow("leakyBucket: refill is 0; it must be more than 0");
  expect(bad({ ...good, everyMs: NaN })).toThrow("leakyBucket: everyMs is NaN");
  expect(bad({ max: 1, everyMs: 1 })).toThrow("leakyBucket: refill is undefined");
  expect(bad({ ...good, initial: -1 })).toThrow("leakyBucket: initial is -1");
});
