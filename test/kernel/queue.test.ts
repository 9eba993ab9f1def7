import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cell } from "../../src/kernel/cell.ts";
import { Envelope } from "../../src/kernel/envelope.ts";
import type { PendingCall } from "../../src/kernel/pending-call.ts";
import { EnvelopeQueue } from "../../src/kernel/queue.ts";
import { Verb } from "../../src/kernel/verb.ts";

const receiver = { label: "receiver" } as unknown as Cell;
const sender = { label: "sender" } as unknown as Cell;
const call = { settled: false } as unknown as PendingCall;
const verbs = Array.from({ length: 8 }, (_, n) => new Verb(`verb${n}`, "cast", () => {}));

/** Of all sorts: with 0 to 4 arguments, undefined among them, known senders and callers or not. */
function envelope(n: number): Envelope {
  const args = Array.from({ length: n % 5 }, (_, i) => (i === 1 ? undefined : n * 10 + i));
  return Envelope.of(
    receiver,
    verbs[n % 8]!,
    args,
    n % 3 === 0 ? call : null,
    n % 2 === 0 ? sender : null,
  );
}

/** All that there is to an envelope, without its place in a line. */
function said(of: Envelope | null): unknown {
  if (of === null) return null;
  return [of.to, of.verb.name, of.args, of.call, of.from];
}

function contents(queue: EnvelopeQueue): unknown[] {
  const found: unknown[] = [];
  for (let link = queue.head; link !== null; link = link.next) found.push(said(link));
  return found;
}

/** What nobody holds is gone when it resolves. */
async function collected(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error("this test needs --expose-gc");
  await setImmediate();
  globalThis.gc();
}

interface Step {
  readonly do: "push" | "pushMany" | "shift" | "shiftMany" | "prepend" | "extract" | "remove";
  readonly n: number;
}

function steps(...what: Step["do"][]): fc.Arbitrary<Step> {
  return fc.record({ do: fc.constantFrom(...what), n: fc.nat(30) });
}

function takeOut(queue: EnvelopeQueue, at: number): Envelope {
  let previous: Envelope | null = null;
  let link = queue.head!;
  for (let i = 0; i < at; i++) {
    previous = link;
    link = link.next!;
  }
  queue.removeAfter(previous, link);
  return link;
}

/** Does the same to a queue and to an array, and says what came out of both. */
function apply(queue: EnvelopeQueue, list: number[], { do: what, n }: Step): [unknown, unknown] {
  const many = n * 100;
  switch (what) {
    case "push":
    case "pushMany": {
      const pushed = Array.from({ length: what === "push" ? 1 : many }, (_, i) => n + i);
      for (const each of pushed) queue.push(envelope(each));
      list.push(...pushed);
      return [null, null];
    }
    case "shift":
      return [said(queue.shift()), list.length === 0 ? null : said(envelope(list.shift()!))];
    case "shiftMany": {
      const taken = Array.from({ length: many }, () => said(queue.shift()));
      const expected = Array.from({ length: many }, (_, i) =>
        i < list.length ? said(envelope(list[i]!)) : null,
      );
      list.splice(0, many);
      return [taken, expected];
    }
    case "prepend": {
      const front = new EnvelopeQueue();
      const moved = Array.from({ length: n % 4 === 3 ? 1_500 : n % 4 }, (_, i) => i);
      for (const each of moved) front.push(envelope(each));
      queue.prepend(front);
      list.unshift(...moved);
      return [
        [front.size, front.shift()],
        [0, null],
      ];
    }
    case "extract": {
      const wanted = (each: number): boolean => each % 8 === n % 8;
      const taken = queue.extract(({ verb }) => verb === verbs[n % 8]);
      const expected = list.filter(wanted);
      list.splice(0, list.length, ...list.filter((each) => !wanted(each)));
      return [taken.map(said), expected.map((each) => said(envelope(each)))];
    }
    case "remove": {
      if (list.length === 0) return [null, null];
      const link = takeOut(queue, n % list.length);
      const [removed] = list.splice(n % list.length, 1);
      return [
        [said(link), link.next],
        [said(envelope(removed!)), null],
      ];
    }
  }
}

function expectTheSame(queue: EnvelopeQueue, list: readonly number[]): void {
  expect(contents(queue)).toEqual(list.map((each) => said(envelope(each))));
}

function expectAnArray(
  step: fc.Arbitrary<Step>,
  maxLength: number,
  look: (queue: EnvelopeQueue, list: readonly number[]) => void,
): void {
  fc.assert(
    fc.property(fc.array(step, { maxLength }), (all) => {
      const queue = new EnvelopeQueue();
      const list: number[] = [];
      for (const next of all) {
        const [got, expected] = apply(queue, list, next);
        expect(got).toEqual(expected);
        expect(queue.size).toBe(list.length);
        look(queue, list);
      }
      expectTheSame(queue, list);
    }),
    { numRuns: 200 },
  );
}

describe("a queue does what an array does, in every order of", () => {
  test("pushing, taking, prepending and picking", () => {
    expectAnArray(
      steps("push", "push", "push", "shift", "prepend", "extract", "remove"),
      60,
      expectTheSame,
    );
  });

  test("pushing and taking thousands, and of looking through them now and then", () => {
    const often = ["push", "pushMany", "pushMany", "shift", "shiftMany", "shiftMany"] as const;
    expectAnArray(steps(...often, ...often, "prepend", "extract", "remove"), 20, () => {});
  });
});

/** Puts a message in line behind so many that it is far, and answers with what it holds. */
function pushFar(queue: EnvelopeQueue, waits: PendingCall | null): WeakRef<object>[] {
  while (queue.size < 1_200) queue.push(envelope(1));
  const [first, second] = [{ first: true }, { second: true }];
  queue.push(Envelope.of(receiver, verbs[1]!, [first, second], waits, null));
  return [new WeakRef(first), new WeakRef(second)];
}

test.each([
  ["cast", null],
  ["call", call],
])("a long queue lets go of a %s that was taken, while more is waiting", async (_, waits) => {
  const queue = new EnvelopeQueue();
  const held = pushFar(queue, waits);
  for (let n = 0; n < 10; n++) queue.push(envelope(n));
  await collected();
  expect(held.map((each) => each.deref() === undefined)).toEqual([false, false]);
  while (queue.size > 10) queue.shift();
  await collected();
  expect(held.map((each) => each.deref() === undefined)).toEqual([true, true]);
  expect(queue.size).toBe(10);
});

test("what is taken out leads nowhere, so that it can lie in another queue", () => {
  const queue = new EnvelopeQueue();
  for (const n of [1, 2, 3]) queue.push(envelope(n));
  const first = queue.shift()!;
  const [second] = queue.extract(({ verb }) => verb === verbs[2]);
  expect(first.next).toBeNull();
  expect(second!.next).toBeNull();
  const other = new EnvelopeQueue();
  other.push(second!);
  other.push(first);
  expect(contents(other)).toEqual([said(envelope(2)), said(envelope(1))]);
  expect(contents(queue)).toEqual([said(envelope(3))]);
});
