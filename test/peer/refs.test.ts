import { attempt, started, stop, withOptions } from "troupe";
import { expect, test } from "vitest";
import { cellOf } from "../../src/kernel/ref.ts";
import { Nodes } from "./pair.ts";
import { Sink, Tiny } from "./sink.ts";
import { settle } from "./traffic.ts";

test("a view whose manners cannot go with it is refused, and a ref in its place is named", async () => {
  await using nodes = new Nodes();
  const sink = nodes.system.spawn(Sink, undefined, { on: nodes.guest().place });
  await started(sink);
  const tiny = nodes.system.spawn(Tiny);
  const { signal } = new AbortController();
  const refusal = /such views stay where they are; send the ref itself/;
  expect(() => sink.put(attempt(tiny))).toThrow(refusal);
  expect(() => sink.put(withOptions(tiny, { signal }))).toThrow(refusal);
});

test("refs that come back are those that went, also of actors that have ended since", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const sink = system.spawn(Sink, undefined, { on: nodes.guest().place });
  const refs = Array.from({ length: 20 }, () => system.spawn(Tiny));
  sink.put(...refs);
  await sink.size();
  for (const ref of refs) await stop(ref);
  sink.put(...refs);
  const back = await sink.all();
  expect(back.every((ref, i) => ref === refs[i % refs.length])).toBe(true);
});

test("actors that have ended are forgotten when neither node holds a ref to them", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const guest = nodes.guest();
  const sink = system.spawn(Sink, undefined, { on: guest.place });
  const cells = await sendThoseThatEnd();
  sink.forget();
  await sink.size();
  const areKnown = (): number =>
    cells.filter((cell) => guest.home.exports.known(cell) !== 0).length;
  // A ref or two may be in a register, or on a stack that is not overwritten yet.
  for (let i = 0; i < 20 && areKnown() > 5; i++) {
    globalThis.gc!();
    await settle();
  }
  expect(areKnown()).toBeLessThanOrEqual(5);

  async function sendThoseThatEnd() {
    const refs = Array.from({ length: 50 }, () => system.spawn(Tiny));
    sink.put(...refs);
    await sink.size();
    for (const ref of refs) await stop(ref);
    return refs.map(cellOf);
  }
});

test("nodes that come and go leave nothing behind in an actor that they knew", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const here = system.spawn(Sink);
  for (let i = 0; i < 5; i++) {
    const guest = nodes.guest();
    const there = system.spawn(Sink, undefined, { on: guest.place });
    there.put(here);
    await there.size();
    guest.cut();
    await settle();
  }
  expect(cellOf(here).rare?.monitors?.size ?? 0).toBe(0);
});
