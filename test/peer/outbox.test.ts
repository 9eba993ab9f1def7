import { started, withOptions } from "troupe";
import { transfer } from "troupe/threads";
import { expect, test } from "vitest";
import { Nodes } from "./pair.ts";
import { proxy, Sink, Tiny } from "./sink.ts";
import { settle } from "./traffic.ts";

test("a ref that is told of in the middle of a full batch arrives as a ref", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const sink = system.spawn(Sink, undefined, { on: nodes.guest(100_000).place });
  await started(sink);
  const refs = Array.from({ length: 800 }, () => system.spawn(Tiny));
  for (let i = 0; i < refs.length; i += 2) sink.put(refs[i], refs[i + 1]);
  const got = await sink.all();
  expect(got.length).toBe(refs.length);
  expect(got.filter((thing, i) => thing !== refs[i])).toEqual([]);
});

test("a buffer that is moved in the middle of a full batch arrives, and is moved", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const sink = system.spawn(Sink, undefined, { on: nodes.guest(100_000).place });
  await started(sink);
  const all = Array.from({ length: 400 }, (_, i) => new Uint8Array([i % 256]));
  for (const bytes of all) sink.put(system.spawn(Tiny), { bytes: transfer(bytes) });
  const got = (await sink.all()).filter((_, i) => i % 2 === 1) as { bytes: Uint8Array }[];
  expect(got.map(({ bytes }) => bytes[0])).toEqual(all.map((_, i) => i % 256));
  expect(all.filter((bytes) => bytes.length > 0)).toEqual([]);
});

test("a cast that cannot be carried takes none of its neighbours with it, and is one dead letter", async () => {
  await using nodes = new Nodes();
  const sink = nodes.system.spawn(Sink, undefined, { on: nodes.guest().place });
  await started(sink);
  const before = nodes.system.stats().deadLetters;
  sink.put(1);
  sink.put(proxy());
  sink.put(2);
  expect(await sink.all()).toEqual([1, 2]);
  expect(nodes.system.stats().deadLetters - before).toBe(1);
});

test("an error that cannot be carried whole spoils nothing else of its batch", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const { place } = nodes.guest();
  const sink = system.spawn(Sink, undefined, { on: place });
  const other = system.spawn(Sink, undefined, { on: place });
  await started(sink);
  await started(other);
  const tiny = system.spawn(Tiny);
  other.put("plain", tiny);
  sink.put(Object.assign(new RangeError("odd"), { data: proxy() }));
  expect(await other.all()).toEqual(["plain", tiny]);
  const [error] = await sink.all();
  expect(error).toBeInstanceOf(RangeError);
  expect(error).toHaveProperty("message", "odd");
});

test("what is marked to be moved, and cannot be, is copied, alone in its batch or not", async () => {
  await using nodes = new Nodes();
  const sink = nodes.system.spawn(Sink, undefined, { on: nodes.guest().place });
  await started(sink);
  expect(await sink.echo(transfer({ a: 1 }))).toEqual({ a: 1 });
  sink.put("beside it");
  expect(await sink.echo(transfer({ a: 2 }))).toEqual({ a: 2 });
});

test("a call that cannot be carried rejects with the host's reason", async () => {
  await using nodes = new Nodes();
  const sink = nodes.system.spawn(Sink, undefined, { on: nodes.guest().place });
  await started(sink);
  const unlimited = withOptions(sink, { timeout: Infinity });
  await expect(unlimited.echo(proxy())).rejects.toHaveProperty("name", "DataCloneError");
});

test("a send that is refused moves nothing: what was marked in it is there still", async () => {
  await using nodes = new Nodes();
  const sink = nodes.system.spawn(Sink, undefined, { on: nodes.guest().place });
  await started(sink);
  const bytes = new Uint8Array(3);
  expect(() => sink.put(transfer(bytes), () => 1)).toThrow(/argument 2 is a function/);
  sink.put(1);
  await settle();
  expect(bytes.length).toBe(3);
  sink.put(bytes);
  await settle();
  expect(bytes.length).toBe(0);
  expect(await sink.all()).toEqual([1, new Uint8Array(3)]);
});
