import fc from "fast-check";
import { expect, test } from "vitest";
import type { Envelope } from "../../src/kernel/envelope.ts";
import { EnvelopeQueue } from "../../src/kernel/queue.ts";

/** What a queue needs of an envelope. */
interface Link {
  readonly n: number;
  next: Link | null;
}

type Step =
  | { readonly do: "push" | "shift" | "prepend" | "extract"; readonly n: number }
  | { readonly do: "remove"; readonly n: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("push", "push", "push", "shift", "prepend", "extract", "remove"),
  n: fc.nat(7),
});

function envelope(n: number): Envelope {
  const link: Link = { n, next: null };
  return link as unknown as Envelope;
}
function numberOf(link: Envelope | null): number | null {
  return link === null ? null : (link as unknown as Link).n;
}
function contents(queue: EnvelopeQueue): (number | null)[] {
  const found: (number | null)[] = [];
  for (let link = queue.head; link !== null; link = link.next) found.push(numberOf(link));
  return found;
}

/** Does the same to a queue and to an array, and says what came out of both. */
function apply(queue: EnvelopeQueue, list: number[], { do: what, n }: Step): [unknown, unknown] {
  switch (what) {
    case "push":
      queue.push(envelope(n));
      list.push(n);
      return [null, null];
    case "shift":
      return [numberOf(queue.shift()), list.shift() ?? null];
    case "prepend": {
      const front = new EnvelopeQueue();
      for (let i = 0; i < n % 4; i++) front.push(envelope(i));
      queue.prepend(front);
      list.unshift(...Array.from({ length: n % 4 }, (_, i) => i));
      return [front.size, 0];
    }
    case "extract": {
      const taken = queue.extract((link) => numberOf(link) === n);
      const rest = list.filter((other) => other !== n);
      const expected = list.filter((other) => other === n);
      list.splice(0, list.length, ...rest);
      return [taken.map(numberOf), expected];
    }
    case "remove": {
      if (list.length === 0) return [null, null];
      const at = n % list.length;
      let previous: Envelope | null = null;
      let link = queue.head!;
      for (let i = 0; i < at; i++) {
        previous = link;
        link = link.next!;
      }
      queue.removeAfter(previous, link);
      return [
        [numberOf(link), link.next],
        [...list.splice(at, 1), null],
      ];
    }
  }
}

test("does what an array does, in every order of pushing, taking, prepending and picking", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new EnvelopeQueue();
      const list: number[] = [];
      for (const next of steps) {
        const [got, expected] = apply(queue, list, next);
        expect(got).toEqual(expected);
        expect(contents(queue)).toEqual(list);
        expect(queue.size).toBe(list.length);
        expect(numberOf(queue.tail)).toBe(list.at(-1) ?? null);
      }
    }),
    { numRuns: 300 },
  );
});

test("what is taken out leads nowhere, so that it can lie in another queue", () => {
  const queue = new EnvelopeQueue();
  for (const n of [1, 2, 3]) queue.push(envelope(n));
  const first = queue.shift()!;
  const [second] = queue.extract((link) => numberOf(link) === 2);
  expect(first.next).toBeNull();
  expect(second!.next).toBeNull();
  const other = new EnvelopeQueue();
  other.push(second!);
  other.push(first);
  expect(contents(other)).toEqual([2, 1]);
  expect(contents(queue)).toEqual([3]);
});
