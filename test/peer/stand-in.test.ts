import {
  actor,
  drain,
  kill,
  restart,
  started,
  status,
  stop,
  supervisor,
  withOptions,
  type RefOf,
} from "troupe";
import { register, transfer } from "troupe/threads";
import { expect, test } from "vitest";
import { cellOf } from "../../src/kernel/ref.ts";
import { gate } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";
import { Nodes, placeOn, type Guest } from "./pair.ts";
import { movedAway, Sink } from "./sink.ts";
import { holdBack, placeLater, settle } from "./traffic.ts";

const Painter = actor({
  name: "painter",
  init: (_ctx, props: { pixels: Uint8Array }) => ({ size: props.pixels.length }),
  cast: {
    fail() {
      throw new Error("told to fail");
    },
  },
  call: { size: (ctx) => ctx.state.size },
});
/** What a busy actor waits for; one isolate, so it needs not be sent. */
let door = gate();
const Busy = actor({
  name: "busy",
  cast: { work: () => door.passed },
  call: { ping: () => "pong" },
});
register({ Painter, Busy });

function expectEmpty({ standIns, peer }: Guest): void {
  expect({ standIns: standIns.size, bodies: peer.bodies.size }).toEqual({ standIns: 0, bodies: 0 });
}

test("a kill that crosses the end of a restart does not make what begins anew look ended", async () => {
  await using nodes = new Nodes();
  const first = nodes.guest();
  const second = nodes.guest();
  let at = first;
  const options = { on: placeOn(() => at), restart: "permanent" } as const;
  const sink = nodes.system.spawn(Sink, undefined, options);
  await started(sink);
  await settle();
  const wayBack = holdBack(first.home);
  const ends = [restart(sink)];
  await settle();
  const wayThere = holdBack(first.peer);
  ends.push(kill(sink));
  await settle();
  // HELD, the answer to the first order, is heard while the second is on its way.
  wayBack.open();
  await settle();
  wayThere.open();
  await Promise.allSettled(ends);
  expect(await sink.size()).toBe(0);
  expect(cellOf(sink).family?.size).toBe(1);
  at = second;
  first.cut();
  expect(await withOptions(sink, { timeout: 1_000 }).size()).toBe(0);
});

test("an answer to an order of before is not taken for the one to the last", async () => {
  await using nodes = new Nodes();
  const { home, peer, place } = nodes.guest();
  const options = { on: place, restart: "permanent" } as const;
  const sink = nodes.system.spawn(Sink, undefined, options);
  await started(sink);
  await settle();
  const firstBack = holdBack(home);
  const ends = [restart(sink)];
  await settle();
  const firstThere = holdBack(peer);
  ends.push(kill(sink));
  await settle();
  firstBack.open();
  await settle();
  // The body answers the kill, and has begun again; before that is heard, it is to end once more.
  const secondBack = holdBack(home);
  firstThere.open();
  await settle();
  const secondThere = holdBack(peer);
  ends.push(restart(sink));
  await settle();
  secondBack.open();
  await settle();
  expect(status(sink)).not.toBe("running");
  secondThere.open();
  await Promise.allSettled(ends);
  expect(await sink.size()).toBe(0);
});

test("an actor that is busy when it is to begin again, and is killed for it, begins again", async () => {
  await using nodes = new Nodes();
  const guest = nodes.guest();
  door = gate();
  const options = { on: guest.place, restart: "permanent" } as const;
  const busy = nodes.system.spawn(Busy, undefined, options);
  busy.work();
  await started(busy);
  const ends = [restart(busy)];
  await settle();
  ends.push(kill(busy));
  await settle();
  await Promise.allSettled(ends);
  expect(await withOptions(busy, { timeout: 1_000 }).ping()).toBe("pong");
  door.open();
  await settle();
  expect(await busy.ping()).toBe("pong");
  await stop(busy);
  expectEmpty(guest);
});

test("an actor whose props cannot be carried does not start", async () => {
  await using nodes = new Nodes();
  const guest = nodes.guest();
  // Nothing but the host can tell that it is a proxy.
  const pixels = new Proxy(new Uint8Array(4), {});
  const painter = nodes.system.spawn(Painter, { pixels }, { on: guest.place });
  await expect(started(painter)).rejects.toHaveProperty("why", "failed");
  expectEmpty(guest);
});

test("props that were moved before are refused where they are given", async () => {
  await using nodes = new Nodes();
  const { place } = nodes.guest();
  expect(() => nodes.system.spawn(Painter, { pixels: movedAway() }, { on: place })).toThrow(
    /props\.pixels is an object of Uint8Array that was moved/,
  );
});

test("an actor whose props were moved with it is not begun again without them", async () => {
  await using nodes = new Nodes();
  const first = nodes.guest();
  const second = nodes.guest();
  let at = first;
  const pixels = transfer(new Uint8Array(4));
  const options = { on: placeOn(() => at), restart: "permanent" } as const;
  const painter = nodes.system.spawn(Painter, { pixels }, options);
  expect(await painter.size()).toBe(4);
  painter.fail();
  expect(await painter.size()).toBe(4);
  at = second;
  first.cut();
  const failure: unknown = await painter.size().catch((error: unknown) => error);
  expect(failure).toHaveProperty("code", "TROUPE_ACTOR_STOPPED");
  expectEmpty(second);
});

test("a node that is found when an actor's time to start is over begins nothing", async () => {
  await using nodes = new Nodes();
  const guest = nodes.guest();
  const later = placeLater(guest);
  const options = { on: later.place, initTimeout: 5 };
  const sink = nodes.system.spawn(Sink, undefined, options);
  await expect(started(sink)).rejects.toHaveProperty("why", "timeout");
  later.open();
  await settle();
  expectEmpty(guest);
});

test("an actor that drains when its node is lost ends", async () => {
  await using nodes = new Nodes();
  const first = nodes.guest();
  const second = nodes.guest();
  let at = first;
  const options = { on: placeOn(() => at), restart: "permanent" } as const;
  const sink = nodes.system.spawn(Sink, undefined, options);
  await started(sink);
  for (let i = 0; i < 5; i++) sink.put(i);
  const end = drain(sink);
  at = second;
  first.cut();
  expect(await end).toHaveProperty("kind", "normal");
  expectEmpty(second);
});

test("a supervisor begins all of its children anew, wherever they are, when a node is lost", async () => {
  await using nodes = new Nodes();
  const first = nodes.guest();
  const second = nodes.guest();
  let at = first;
  const place = placeOn(() => at);
  const Supervisor = supervisor({
    strategy: "oneForAll",
    children: {
      one: { actor: Sink, on: place, restart: "permanent" },
      here: { actor: Sink, restart: "permanent" },
      two: { actor: Sink, on: place, restart: "permanent" },
    },
  });
  const top = nodes.system.spawn(Supervisor);
  await started(top);
  const children = [top.child("one"), top.child("here"), top.child("two")];
  for (const child of children) child.put(1);
  expect(await Promise.all(children.map((child) => child.all()))).toEqual([[1], [1], [1]]);
  at = second;
  first.cut();
  await settle();
  expect(await Promise.all(children.map((child) => child.all()))).toEqual([[], [], []]);
});

test("every call is answered or rejects, whenever a node is lost", async () => {
  await using nodes = new Nodes();
  let at = nodes.guest();
  const options = {
    on: placeOn(() => at),
    restart: "permanent",
    backoff: { kind: "none" },
  } as const;
  const sinks = [
    nodes.system.spawn(Sink, undefined, options),
    nodes.system.spawn(Sink, undefined, options),
  ];
  const calls: Promise<unknown>[] = [];
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 50; i++) {
      for (const sink of sinks) calls.push(withOptions(sink, { timeout: Infinity }).echo(i));
    }
    await turns(round * 3);
    const lost = at;
    at = nodes.guest();
    lost.cut();
    await settle();
  }
  expect(await Promise.allSettled(calls)).toHaveLength(300);
});

/** So many microtasks: a step in what two nodes do with each other. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

const ACTS = { stop, kill, restart } as const;
type Act = keyof typeof ACTS;

/** It has ended, or answers. */
async function expectSound(sink: RefOf<typeof Sink>): Promise<void> {
  const size = status(sink) === "stopped" ? 0 : await sink.size();
  expect(size).toBe(0);
}

/** Does it, and expects it to have come to something, whatever that is. */
async function expectDone(act: Act, sink: RefOf<typeof Sink>): Promise<void> {
  const done = Promise.allSettled([ACTS[act](sink)]);
  for (let i = 0; i < 20 && (await outcome(done)) === "pending"; i++) await settle();
  expect(await outcome(done)).toBe("resolved");
}

test.each(Object.keys(ACTS) as Act[])(
  "%s at any step of a start leaves nothing behind",
  async (act) => {
    await using nodes = new Nodes();
    const guest = nodes.guest();
    for (let steps = 0; steps < 14; steps++) {
      const options = { on: guest.place, restart: "permanent" } as const;
      const sink = nodes.system.spawn(Sink, undefined, options);
      await turns(steps);
      await expectDone(act, sink);
      await expectSound(sink);
      await expectDone("stop", sink);
      await settle();
      expectEmpty(guest);
    }
  },
);

test.each(Object.keys(ACTS) as Act[])(
  "%s at any step of a failure does what it does",
  async (act) => {
    await using nodes = new Nodes();
    const guest = nodes.guest();
    for (let steps = 0; steps < 14; steps++) {
      const options = { on: guest.place, restart: "permanent" } as const;
      const sink = nodes.system.spawn(Sink, undefined, options);
      await started(sink);
      sink.fail();
      await turns(steps);
      await expectDone(act, sink);
      await settle();
      expect(status(sink) === "stopped").toBe(act === "stop");
      await expectSound(sink);
      await expectDone("stop", sink);
      await settle();
      expectEmpty(guest);
    }
  },
);
