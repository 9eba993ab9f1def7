import { actor, drain, started, topic, withOptions } from "troupe";
import { register } from "troupe/threads";
import { expect, test } from "vitest";
import { outcome } from "../support/outcome.ts";
import { Nodes } from "./pair.ts";
import { proxy, Sink } from "./sink.ts";
import { holdBack, settle } from "./traffic.ts";

const news = topic<number>("numbers");
const Reader = actor({
  name: "reader",
  init: (ctx) => {
    const heard: number[] = [];
    ctx.subscribe(news, (n) => heard.push(n));
    return { heard };
  },
  call: { heard: (ctx) => ctx.state.heard },
});
register({ NumbersReader: Reader });

test("one who waits for room with what cannot be sent is told so, and keeps nobody else out", async () => {
  await using nodes = new Nodes();
  const guest = nodes.guest(2);
  const sink = nodes.system.spawn(Sink, undefined, { on: guest.place });
  await started(sink);
  const patient = withOptions(sink, { whenFull: "wait" });
  const sent = [patient.put(1), patient.put(2), patient.put(() => 1), patient.put(3)];
  const outcomes = sent.map((promise) => promise.then(String, (error: Error) => error.name));
  expect(await Promise.all(outcomes)).toEqual([
    "undefined",
    "undefined",
    "BadInputError",
    "undefined",
  ]);
  expect(guest.home.window.letsIn).toBe(false);
  expect(await sink.all()).toEqual([1, 2, 3]);
});

test("a message that could not be carried leaves its room to those who wait", async () => {
  await using nodes = new Nodes();
  const sink = nodes.system.spawn(Sink, undefined, { on: nodes.guest(1).place });
  await started(sink);
  const patient = withOptions(sink, { whenFull: "wait" });
  const [first, second] = [patient.put(proxy()), patient.put(2)];
  await first;
  await settle();
  expect(await outcome(second)).toBe("resolved");
  expect(await sink.all()).toEqual([2]);
});

test("what has arrived before a node is let go of is not counted as lost", async () => {
  await using nodes = new Nodes();
  const guest = nodes.guest();
  const sink = nodes.system.spawn(Sink, undefined, { on: guest.place });
  await started(sink);
  await settle();
  const before = nodes.system.stats().deadLetters;
  guest.standIns.onEmpty = () => guest.home.close({ kind: "shutdown" }, new Error("not needed"));
  for (let i = 0; i < 3; i++) sink.put(i);
  await drain(sink);
  await settle();
  expect(guest.home.closed).toBe(true);
  expect(nodes.system.stats().deadLetters - before).toBe(0);
});

test("published events count: a node that does not take them gets no more than a window of them", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const guest = nodes.guest(10);
  const reader = system.spawn(Reader, undefined, { on: guest.place });
  await started(reader);
  await settle();
  const before = system.stats().deadLetters;
  const way = holdBack(guest.peer);
  for (let i = 0; i < 1_000; i++) system.publish(news, i);
  await settle();
  expect(guest.home.window.underWay).toBe(10);
  expect(system.stats().deadLetters - before).toBe(990);
  way.open();
  await settle();
  expect(await reader.heard()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(system.publish(news, 10)).toBe(1);
});
