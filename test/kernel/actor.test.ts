import { expect, test } from "vitest";
import { actor } from "troupe";
import { createTestSystem } from "troupe/testing";

const Counter = actor({
  name: "counter",
  init: (_ctx, props: { start: number }) => ({ n: props.start }),
  cast: {
    add(ctx, by: number) {
      ctx.state.n += by;
    },
  },
  call: { value: (ctx) => ctx.state.n },
});

test("casts are handled in the order sent, before a later call", async () => {
  const { system } = createTestSystem();
  const counter = system.spawn(Counter, { start: 1 });
  counter.add(2);
  counter.add(3);
  expect(await counter.value()).toBe(6);
});

test("a call to a dead actor rejects", async () => {
  const kit = createTestSystem();
  const probe = kit.probe(Counter);
  probe.ref.add(1);
  expect((await probe.expect("add")).args).toEqual([1]);
  await kit.stop();
  await expect(probe.ref.value()).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
});
