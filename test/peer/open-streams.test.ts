import { actor, refuse, started, stop, withOptions } from "troupe";
import { register } from "troupe/threads";
import { expect, test } from "vitest";
import type { OpenStreams } from "../../src/peer/open-streams.ts";
import { Nodes, placeOn } from "./pair.ts";
import { settle } from "./traffic.ts";

const Source = actor({
  name: "source",
  init: () => ({ left: 0 }),
  call: { left: (ctx) => ctx.state.left },
  stream: {
    items(ctx, name: string): AsyncIterable<string> {
      let n = 0;
      return {
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false, value: `${name} ${n++}` }),
          return: async () => {
            ctx.state.left++;
            return { done: true, value: undefined };
          },
        }),
      };
    },
    nothing(ctx): AsyncIterable<string> {
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => {}),
          return: async () => {
            ctx.state.left++;
            return { done: true, value: undefined };
          },
        }),
      };
    },
    async *few(): AsyncGenerator<number> {
      yield 1;
      yield 2;
    },
    async *broken(): AsyncGenerator<number> {
      yield 1;
      throw refuse(new Error("broken"));
    },
  },
});
register({ Source });

/** An actor that has moved to another node while somebody read from it: its reader, and one there. */
async function moved(nodes: Nodes) {
  const first = nodes.guest();
  const second = nodes.guest();
  let at = first;
  const options = { on: placeOn(() => at), restart: "permanent" } as const;
  const source = nodes.system.spawn(Source, undefined, options);
  await started(source);
  const before = source.items("before")[Symbol.asyncIterator]();
  expect(await before.next()).toHaveProperty("value", "before 0");
  at = second;
  first.cut();
  await settle();
  const after = source.items("after")[Symbol.asyncIterator]();
  expect(await after.next()).toHaveProperty("value", "after 0");
  return { source, before, after };
}

test("a stream of an actor that has moved to another node is over, and reads from nobody else's", async () => {
  await using nodes = new Nodes();
  const { source, before, after } = await moved(nodes);
  await expect(before.next()).rejects.toHaveProperty("code", "TROUPE_ACTOR_STOPPED");
  await settle();
  expect(await after.next()).toHaveProperty("value", "after 1");
  expect(await source.left()).toBe(0);
});

test("a reader that leaves a stream of before the move ends nobody else's", async () => {
  await using nodes = new Nodes();
  const { source, before, after } = await moved(nodes);
  await before.return?.();
  await settle();
  expect(await source.left()).toBe(0);
  expect(await after.next()).toEqual({ done: false, value: "after 1" });
});

test("a stream whose reader has given up on a step is left, here and elsewhere", async () => {
  await using nodes = new Nodes();
  const here = nodes.system.spawn(Source);
  const there = nodes.system.spawn(Source, undefined, { on: nodes.guest().place });
  for (const source of [here, there]) {
    const impatience = new AbortController();
    const view = withOptions(source, { signal: impatience.signal });
    const step = view.nothing()[Symbol.asyncIterator]().next();
    const given = step.catch((error: unknown) => error);
    await settle();
    impatience.abort();
    expect(await given).toBeInstanceOf(Error);
    await settle();
    expect(await source.left()).toBe(1);
  }
});

test("nothing is kept of a stream that is over, was refused, was left, or whose actor has ended", async () => {
  await using nodes = new Nodes();
  const guest = nodes.guest();
  const { streams } = guest.peer;
  const source = nodes.system.spawn(Source, undefined, { on: guest.place });
  for await (const _ of source.few());
  await expect(drained(source.broken())).rejects.toThrow("broken");
  const left = source.items("left")[Symbol.asyncIterator]();
  await left.next();
  await left.return?.();
  const open = source.items("open")[Symbol.asyncIterator]();
  await open.next();
  await settle();
  expect(numbersOf(streams)).toEqual([4]);
  await stop(source);
  await settle();
  expect(numbersOf(streams)).toEqual([]);
  await expect(open.next()).rejects.toHaveProperty("code", "TROUPE_ACTOR_STOPPED");
});

async function drained(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** The streams of this test that are open still. */
function numbersOf(streams: OpenStreams): number[] {
  return [1, 2, 3, 4, 5, 6].filter((number) => streams.get(number) !== undefined);
}
