import { actor, exited, refuse, started, stop, withOptions, type AnyRef, type RefOf } from "troupe";
import { register } from "troupe/threads";
import { expect, test } from "vitest";
import { Nodes } from "./pair.ts";
import { movedAway, ODD, ODDITIES, proxy, Sink } from "./sink.ts";
import { settle } from "./traffic.ts";

const ANSWERS = {
  "a proxy": () => proxy(),
  "a buffer that was moved": () => movedAway(),
  "a function": () => () => 1,
  "an URL, whose fields nobody sees": () => new URL("http://example.org/"),
};
const Refuser = actor({
  name: "refuser",
  call: {
    refuseWith(_ctx, name: keyof typeof ODD): void {
      throw refuse(ODD[name]());
    },
    answerWith: (_ctx, name: keyof typeof ANSWERS): unknown => ANSWERS[name](),
    refuseInCircle(): void {
      const error = new Error("circle") as Error & { self?: unknown };
      error.self = error;
      error.cause = { error };
      throw refuse(error);
    },
  },
});
const Parent = actor({
  name: "parent",
  cast: {
    linkTo(ctx, other: AnyRef): void {
      ctx.link(other);
    },
    fail(): void {
      throw ODD["an object that holds a function"]();
    },
  },
  call: { child: (ctx): unknown => ctx.spawn(Parent, undefined, { restart: "temporary" }) },
});
register({ Refuser, ParentOfSame: Parent });

test.each(ODDITIES)("an actor that throws %s is restarted, as anywhere", async (name) => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const { place } = nodes.guest();
  const sink = system.spawn(Sink, undefined, { on: place, restart: "permanent" });
  const neighbour = system.spawn(Sink, undefined, { on: place });
  neighbour.put("still there");
  sink.put("gone with the state");
  sink.throwWhatever(name);
  expect(await withOptions(sink, { timeout: 1_000 }).all()).toEqual([]);
  expect(await neighbour.all()).toEqual(["still there"]);
  expect(system.stats().failures).toBe(1);
});

test.each(ODDITIES)("an actor that ends by throwing %s is heard to have failed", async (name) => {
  await using nodes = new Nodes();
  const sink = nodes.system.spawn(Sink, undefined, { on: nodes.guest().place });
  await started(sink);
  sink.throwWhatever(name);
  expect(await exited(sink)).toHaveProperty("kind", "failed");
});

test.each(ODDITIES)("a call that is refused with %s rejects", async (name) => {
  await using nodes = new Nodes();
  const refuser = nodes.system.spawn(Refuser, undefined, { on: nodes.guest().place });
  const answer = withOptions(refuser, { timeout: Infinity }).refuseWith(name);
  const error: unknown = await answer.catch((reason: unknown) => reason);
  expect(shown(error)).toEqual(shown(ODD[name]()));
});

/** Of an error, what has to arrive; of anything else, that it is none. */
function shown(thrown: unknown): readonly string[] | null {
  return thrown instanceof Error ? [thrown.name, thrown.message] : null;
}

test.each(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[])(
  "a call that is answered with %s rejects",
  async (name) => {
    await using nodes = new Nodes();
    const refuser = nodes.system.spawn(Refuser, undefined, { on: nodes.guest().place });
    const answer = withOptions(refuser, { timeout: Infinity }).answerWith(name);
    await expect(answer).rejects.toThrow(/clone|copied|code stays|moved/);
  },
);

test("an error that holds itself arrives so", async () => {
  await using nodes = new Nodes();
  const refuser = nodes.system.spawn(Refuser, undefined, { on: nodes.guest().place });
  const error: unknown = await refuser.refuseInCircle().catch((reason: unknown) => reason);
  expect(error).toHaveProperty("message", "circle");
  expect(error).toHaveProperty("self", error);
  expect(error).toHaveProperty("cause.error", error);
});

test("an actor that is known elsewhere ends, whatever it throws", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const there = system.spawn(Sink, undefined, { on: nodes.guest().place });
  const here = system.spawn(Sink);
  there.put(here);
  await there.size();
  here.throwWhatever("an object that holds a function");
  expect(await exited(here)).toHaveProperty("kind", "failed");
  await stop(there);
});

test("an actor that another node's spawned ends, whatever it is told as the reason", async () => {
  await using nodes = new Nodes();
  const parent = nodes.system.spawn(Parent, undefined, { on: nodes.guest().place });
  const child = (await parent.child()) as RefOf<typeof Parent>;
  const reason = { kind: "shutdown", detail: { why: () => 1 } } as const;
  expect(await stop(child, reason)).toHaveProperty("kind", "shutdown");
});

test("one that is linked to it hears of an end elsewhere, whatever was thrown", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const parent = system.spawn(Parent, undefined, { on: nodes.guest().place });
  const child = (await parent.child()) as RefOf<typeof Parent>;
  const here = system.spawn(Parent);
  here.linkTo(child);
  await here.child();
  await settle();
  here.fail();
  expect(await exited(child)).toHaveProperty("kind", "failed");
});

test("an actor elsewhere ends, whatever it is told as the reason", async () => {
  await using nodes = new Nodes();
  const sink = nodes.system.spawn(Sink, undefined, { on: nodes.guest().place });
  await started(sink);
  const reason = { kind: "shutdown", detail: { why: () => 1 } } as const;
  expect(await stop(sink, reason)).toHaveProperty("kind", "shutdown");
});
