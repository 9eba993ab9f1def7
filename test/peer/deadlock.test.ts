import { actor, DeadlockError, implement, started, withOptions, type Ref } from "troupe";
import { register } from "troupe/threads";
import { expect, test } from "vitest";
import { Nodes } from "./pair.ts";

interface Caller {
  /** Calls the first of these, which calls the next, and so on. */
  through(path: Ref<Caller>[]): Promise<string>;
  later(path: Ref<Caller>[]): Promise<string>;
  circle(path: Ref<Caller>[]): Promise<readonly string[]>;
}

const Caller = actor({
  name: "caller",
  call: {
    through: async (_ctx, [next, ...rest]: Ref<Caller>[]): Promise<string> =>
      next === undefined ? "done" : next.through(rest),
    later: async (ctx, [next, ...rest]: Ref<Caller>[]): Promise<string> => {
      await ctx.sleep(1);
      return next === undefined ? "done" : next.through(rest);
    },
    circle: async (_ctx, [next, ...rest]: Ref<Caller>[]): Promise<readonly string[]> => {
      try {
        return await next!.circle(rest);
      } catch (error) {
        if (error instanceof DeadlockError) return error.circle;
        throw error;
      }
    },
  },
});
interface Asker {
  begin(answerer: Ref<Answerer>): void;
  ping(): Promise<string>;
}
interface Answerer {
  callBack(asker: Ref<Asker>): Promise<string>;
}
/** What the asker's call comes to; nobody in it waits for that. */
let outcome: Promise<string> = Promise.resolve("");
const Asker = implement<Asker>()({
  name: "asker",
  cast: {
    begin(ctx, answerer): void {
      outcome = answerer.callBack(ctx.self);
    },
  },
  call: { ping: () => "called back" },
});
const Answerer = implement<Answerer>()({
  name: "answerer",
  call: { callBack: (_ctx, asker) => asker.ping() },
});
register({ Caller, Answerer });

async function three(): Promise<{
  nodes: Nodes;
  here: Ref<Caller>;
  one: Ref<Caller>;
  two: Ref<Caller>;
}> {
  const nodes = new Nodes();
  const { system } = nodes;
  const here = system.spawn(Caller) as Ref<Caller>;
  const one = system.spawn(Caller, undefined, { on: nodes.guest().place }) as Ref<Caller>;
  const two = system.spawn(Caller, undefined, { on: nodes.guest().place }) as Ref<Caller>;
  await Promise.all([here, one, two].map((ref) => started(ref)));
  return { nodes, here, one, two };
}

test("a call that closes a circle over two nodes rejects, and names the circle", async () => {
  const { nodes, here, one } = await three();
  await using _ = nodes;
  expect(await here.circle([one, here])).toEqual(["caller#1", "caller#3", "caller#1"]);
});

test("a call that closes a circle over three nodes rejects, wherever it began", async () => {
  const { nodes, here, one, two } = await three();
  await using _ = nodes;
  expect(await here.through([one, two, here]).catch(String)).toMatch(/circle of waiting/);
  expect(await one.through([two, here, one]).catch(String)).toMatch(/circle of waiting/);
  expect(await two.later([here, one, two]).catch(String)).toMatch(/circle of waiting/);
});

test("an actor in another node that calls itself is refused", async () => {
  const { nodes, one } = await three();
  await using _ = nodes;
  expect(await one.circle([one])).toEqual(["caller#3", "caller#3"]);
});

test("who is called twice, by one that waits for nobody else, is in no circle", async () => {
  const { nodes, here, one, two } = await three();
  await using _ = nodes;
  expect(await here.through([one, two])).toBe("done");
  expect(await one.through([here, two])).toBe("done");
  expect(await withOptions(one, { timeout: 1_000 }).through([two])).toBe("done");
});

test("one that called, and did not wait for the answer, can be called back", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const here = system.spawn(Asker);
  const there = system.spawn(Answerer, undefined, { on: nodes.guest().place });
  here.begin(there);
  expect(await here.ping()).toBe("called back");
  expect(await outcome).toBe("called back");
});
