import { actor, group, started, stop, topic, type Ref, type RefOf } from "troupe";
import { register } from "troupe/threads";
import { expect, test } from "vitest";
import { Nodes, placeOn } from "./pair.ts";

interface Joiner {
  leave(): Promise<void>;
  members(): Promise<Ref<Joiner>[]>;
  pick(key: string): Promise<Ref<Joiner> | undefined>;
  crash(): void;
}
const CREW = { scope: "default", name: "crew" };
const Joiner = actor({
  name: "joiner",
  init: (ctx) => ctx.join(CREW),
  cast: {
    crash(): void {
      throw new Error("crash");
    },
  },
  call: {
    leave: (ctx) => ctx.leave(CREW),
    members: (ctx): unknown[] => ctx.group(CREW).members(),
    pick: (ctx, key: string): unknown => ctx.group(CREW).by(key),
  },
});
const crew = group(Joiner, "crew");

const news = topic<string>("news");
const Reader = actor({
  name: "reader",
  init: (ctx) => {
    const heard: string[] = [];
    ctx.subscribe(news, (text) => heard.push(text));
    return { heard };
  },
  call: {
    heard: (ctx) => ctx.state.heard,
    publish: (ctx, text: string) => ctx.publish(news, text),
  },
});

const Parent = actor({
  name: "parent",
  call: {
    spawn: (ctx, name: string): unknown => ctx.spawn(Named, undefined, { name }),
    tryToSpawn: async (ctx, name: string) => {
      const child = ctx.spawn(Named, undefined, { name });
      return started(child).then(
        () => "started",
        (error: Error) => error.message,
      );
    },
  },
});
const Named = actor({ name: "named", call: { hello: () => "hello" } });

register({ Joiner, Reader, Parent, Named });

/** Lets all that is under way between nodes arrive. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise<void>((done) => setImmediate(done));
}

test("a group has the members of all nodes, and each is the same actor everywhere", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const here = system.spawn(Joiner);
  const one = system.spawn(Joiner, undefined, { on: nodes.guest().place });
  const two = system.spawn(Joiner, undefined, { on: nodes.guest().place });
  await Promise.all([here, one, two].map((ref) => started(ref)));
  await settle();
  expect(new Set(system.group(crew).members())).toEqual(new Set([here, one, two]));
  for (const ref of [here, one, two]) {
    expect(new Set(await ref.members())).toEqual(new Set([here, one, two]));
  }
});

test("a node that comes later knows who is in a group already", async () => {
  await using nodes = new Nodes();
  const here = nodes.system.spawn(Joiner);
  await started(here);
  const late = nodes.system.spawn(Joiner, undefined, { on: nodes.guest().place });
  expect(await late.members()).toContain(here);
});

test("whoever leaves, or ends, is gone from the group in all nodes", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const one = system.spawn(Joiner, undefined, { on: nodes.guest().place });
  const two = system.spawn(Joiner, undefined, { on: nodes.guest().place });
  await started(one);
  await started(two);
  await one.leave();
  await settle();
  expect(await two.members()).toEqual([two]);
  await stop(two);
  expect(system.group(crew).size).toBe(0);
  await settle();
  expect(await one.members()).toEqual([]);
});

test("a member keeps its place over a restart, and leaves once, however often it has begun", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const one = system.spawn(Joiner, undefined, { on: nodes.guest().place, restart: "permanent" });
  await started(one);
  one.crash();
  await one.members();
  expect(system.group(crew).members()).toEqual([one]);
  await one.leave();
  await settle();
  expect(system.group(crew).size).toBe(0);
});

test("a member whose node is lost keeps its place, and leaves once in its new node", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const lost = nodes.guest();
  let guest = lost;
  const options = { on: placeOn(() => guest), restart: "permanent" } as const;
  const one = system.spawn(Joiner, undefined, options);
  await started(one);
  guest = nodes.guest();
  lost.cut();
  expect(system.group(crew).members()).toEqual([one]);
  expect(await one.members()).toEqual([one]);
  await one.leave();
  await settle();
  expect(system.group(crew).size).toBe(0);
});

test("the member for a key is the same in all nodes", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const guest = nodes.guest();
  const refs: RefOf<typeof Joiner>[] = [];
  for (let i = 0; i < 3; i++) refs.push(system.spawn(Joiner, undefined, { on: guest.place }));
  refs.push(system.spawn(Joiner), system.spawn(Joiner, undefined, { on: nodes.guest().place }));
  await Promise.all(refs.map((ref) => started(ref)));
  await settle();
  for (const key of ["a", "b", "c", "d", "e", "f"]) {
    const mine = system.group(crew).by(key);
    for (const ref of refs) expect(await ref.pick(key)).toBe(mine);
  }
});

test("what is published anywhere reaches those who subscribe anywhere, once, and is counted", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const here = system.spawn(Reader);
  const one = system.spawn(Reader, undefined, { on: nodes.guest().place });
  const two = system.spawn(Reader, undefined, { on: nodes.guest().place });
  await Promise.all([here, one, two].map((ref) => started(ref)));
  await settle();
  expect(system.publish(news, "from home")).toBe(3);
  expect(await one.publish("from one")).toBe(3);
  await settle();
  for (const ref of [here, one, two]) expect(await ref.heard()).toEqual(["from home", "from one"]);
  await stop(two);
  await settle();
  expect(await one.publish("to two")).toBe(2);
});

test("an event that cannot be copied is refused before anybody hears of it", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const here = system.spawn(Reader);
  const one = system.spawn(Reader, undefined, { on: nodes.guest().place });
  await started(one);
  await settle();
  expect(() => system.publish(topic<unknown>("news"), { done: () => {} })).toThrow(
    /an event of news.*done is a function/,
  );
  expect(await here.heard()).toEqual([]);
});

test("a name that an actor of another node has is found, and free when that actor has ended", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const parent = system.spawn(Parent, undefined, { on: nodes.guest().place });
  const child = (await parent.spawn("anna")) as RefOf<typeof Named>;
  await started(child);
  expect(system.whereIs(Named, "anna")).toBe(child);
  await stop(child);
  expect(system.whereIs(Named, "anna")).toBeUndefined();
  expect(await parent.tryToSpawn("anna")).toBe("started");
});

test("a name is taken in all nodes; who wants it does not start", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const one = system.spawn(Parent, undefined, { on: nodes.guest().place });
  const two = system.spawn(Parent, undefined, { on: nodes.guest().place });
  system.spawn(Named, undefined, { name: "anna" });
  expect(await one.tryToSpawn("anna")).toBe('anna did not start: the name "anna" is taken');
  expect(await one.tryToSpawn("bert")).toBe("started");
  expect(await two.tryToSpawn("bert")).toBe('bert did not start: the name "bert" is taken');
  const late = system.spawn(Named, undefined, { name: "bert" });
  await expect(started(late)).rejects.toThrow(/"bert" is taken/);
});

test("names of a node that is lost are free", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const guest = nodes.guest();
  const parent = system.spawn(Parent, undefined, { on: guest.place });
  expect(await parent.tryToSpawn("anna")).toBe("started");
  guest.cut();
  expect(system.names()).toEqual([]);
});
