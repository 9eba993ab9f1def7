import fc from "fast-check";
import { expect, test } from "vitest";
import { Fifo } from "../../src/kernel/fifo.ts";

test("any run of pushing and taking comes to what an array says", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(3_000)), { maxLength: 20 });
  fc.assert(
    fc.property(steps, (runs) => {
      const fifo = new Fifo<number>();
      const plain: number[] = [];
      let next = 0;
      const taken: unknown[] = [];
      const expected: unknown[] = [];
      for (const [pushes, times] of runs) {
        for (let i = 0; i < times; i++) {
          if (pushes) {
            fifo.push(next);
            plain.push(next++);
          } else {
            taken.push(fifo.shift());
            expected.push(plain.shift());
          }
        }
        taken.push(fifo.size);
        expected.push(plain.length);
      }
      expect(taken).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test("what cannot be told from nothing is kept all the same", () => {
  const fifo = new Fifo<undefined>();
  fifo.push(undefined);
  expect([fifo.size, fifo.shift(), fifo.size]).toEqual([1, undefined, 0]);
});
