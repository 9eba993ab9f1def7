import { actor, exited, group, kill, loop, topic, type AnyRef, type InitContext } from "troupe";
import type { TestKit } from "troupe/testing";

/** What a test wants done inside of a hook. */
type Body = (ctx: InitContext) => void | Promise<void>;

/** A place of an actor where code of its author runs. */
export interface HookCase {
  readonly hook: string;
  /** Starts an actor and brings it to run `body` there; returns when it does, or has. */
  enter(kit: TestKit, body: Body): Promise<AnyRef>;
}

const Idle = actor({ name: "idle" });
const workers = group(Idle, "workers");
const news = topic<string>("news");

async function deadRef(kit: TestKit): Promise<AnyRef> {
  const dead = kit.system.spawn(Idle);
  await kill(dead);
  await exited(dead);
  return dead;
}

/** A hook that is reached by what `init` sets up. */
function reachedFromInit(
  hook: string,
  setUp: (ctx: InitContext, body: Body, dead: AnyRef) => void,
  afterwards?: (kit: TestKit) => void | Promise<void>,
): HookCase {
  return {
    hook,
    async enter(kit, body) {
      const dead = await deadRef(kit);
      const Subject = actor({ name: "subject", init: (ctx) => setUp(ctx, body, dead) });
      const ref = kit.system.spawn(Subject);
      await kit.run();
      await afterwards?.(kit);
      await kit.run();
      return ref;
    },
  };
}

export const HOOKS: readonly HookCase[] = [
  {
    hook: "a cast",
    async enter(kit, body) {
      const ref = kit.system.spawn(actor({ name: "subject", cast: { go: (ctx) => body(ctx) } }));
      ref.go();
      await kit.run();
      return ref;
    },
  },
  {
    hook: "a call",
    async enter(kit, body) {
      const ref = kit.system.spawn(actor({ name: "subject", call: { go: (ctx) => body(ctx) } }));
      ref.go().catch(() => {});
      await kit.run();
      return ref;
    },
  },
  {
    hook: "onChild",
    async enter(kit, body) {
      const Subject = actor({
        name: "subject",
        init: (ctx) => void ctx.spawn(Idle),
        onChild: (ctx) => body(ctx),
      });
      const ref = kit.system.spawn(Subject);
      await kit.run();
      return ref;
    },
  },
  {
    hook: "onDown",
    async enter(kit, body) {
      const dead = await deadRef(kit);
      const Subject = actor({
        name: "subject",
        init: (ctx) => void ctx.monitor(dead),
        onDown: (ctx) => body(ctx),
      });
      const ref = kit.system.spawn(Subject);
      await kit.run();
      return ref;
    },
  },
  {
    hook: "onExit",
    async enter(kit, body) {
      const dead = await deadRef(kit);
      const Subject = actor({
        name: "subject",
        init: (ctx) => ctx.link(dead),
        onExit: (ctx) => body(ctx),
      });
      const ref = kit.system.spawn(Subject);
      await kit.run();
      return ref;
    },
  },
  {
    hook: "onGroup",
    async enter(kit, body) {
      const Subject = actor({
        name: "subject",
        init: (ctx) => void ctx.watchGroup(workers),
        onGroup: (ctx) => body(ctx),
      });
      const ref = kit.system.spawn(Subject);
      await kit.run();
      kit.system.spawn(actor({ name: "worker", init: (ctx) => ctx.join(workers) }));
      await kit.run();
      return ref;
    },
  },
  reachedFromInit("a monitor's listener", (ctx, body, dead) => {
    ctx.monitor(dead, () => body(ctx));
  }),
  reachedFromInit(
    "a timer's tick",
    (ctx, body) => void ctx.timers.after(5, () => body(ctx)),
    (kit) => kit.advance(5),
  ),
  reachedFromInit("a task's outcome", (ctx, body) => ctx.task(Promise.resolve(), () => body(ctx))),
  reachedFromInit("a task's onError", (ctx, body) =>
    ctx.task(Promise.reject(new Error("task")), undefined, { onError: () => body(ctx) }),
  ),
  reachedFromInit("a source's item", (ctx, body) => {
    ctx.source(["item"], () => body(ctx));
  }),
  reachedFromInit("a source's onEnd", (ctx, body) => {
    ctx.source([], () => {}, { onEnd: () => body(ctx) });
  }),
  reachedFromInit(
    "a subscription",
    (ctx, body) => void ctx.subscribe(news, () => body(ctx)),
    (kit) => void kit.system.publish(news, "event"),
  ),
  {
    hook: "a loop",
    async enter(kit, body) {
      const Subject = loop<string>(
        async (inbox, ctx) => {
          await inbox.receive();
          await body(ctx);
        },
        { name: "subject" },
      );
      const ref = kit.system.spawn(Subject);
      ref.send("go");
      await kit.run();
      return ref;
    },
  },
];
