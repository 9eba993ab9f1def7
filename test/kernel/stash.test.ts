import { describe, expect, test } from "vitest";
import { actor, drain, exited, kill, mailboxSize, StashFullError, stop } from "troupe";
import { createTestSystem } from "troupe/testing";
import { gate } from "../support/gate.ts";

/** Puts everything aside until it is opened. */
function doorKeeper(log: string[]) {
  return actor({
    name: "door",
    init: () => ({ open: false }),
    cast: {
      enter(ctx, who: string) {
        if (!ctx.state.open) return ctx.stash();
        log.push(who);
        if (who === "poison") throw new Error("poison");
      },
      open(ctx) {
        ctx.state.open = true;
        ctx.unstash();
      },
    },
    call: {
      ask(ctx, what: string) {
        if (!ctx.state.open) ctx.stash();
        else log.push(what);
        return what;
      },
    },
  });
}

describe("stash", () => {
  test("puts messages aside; unstash puts them before what waits, in their order", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorKeeper(log));
    for (const who of ["a", "b", "c"]) door.enter(who);
    door.open();
    door.enter("d");
    await kit.run();
    expect(log).toEqual(["a", "b", "c", "d"]);
  });

  test("of a call leaves it unanswered until it is handled again", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorKeeper(log));
    const asked = door.ask("question");
    await kit.run();
    expect(log).toEqual([]);
    door.open();
    expect(await asked).toBe("question");
    expect(kit.system.stats().lateReplies).toBe(0);
  });

  test("a stashed call whose caller has left is skipped", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorKeeper(log));
    const asked = door.ask("question");
    await kit.advance(5_000);
    await expect(asked).rejects.toMatchObject({ code: "TROUPE_TIMEOUT" });
    door.open();
    await kit.run();
    expect(log).toEqual([]);
    expect(kit.system.stats().skippedCalls).toBe(1);
  });

  test("is bounded: 1,000 by default, an option else; beyond it throws StashFullError", async () => {
    for (const [given, bound] of [
      [undefined, 1_000],
      [2, 2],
      [0, 0],
    ] as const) {
      const kit = createTestSystem();
      const mailbox = given === undefined ? {} : { stash: given };
      const door = kit.system.spawn(doorKeeper([]), undefined, { mailbox });
      for (let n = 0; n < bound; n++) door.enter("x");
      await kit.run();
      expect(kit.system.stats().failures).toBe(0);
      door.enter("one too many");
      expect(await exited(door)).toMatchObject({ error: expect.any(StashFullError) });
    }
  });

  test("works behind an await of the handler", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    let ready = false;
    const Slow = actor({
      cast: {
        async put(ctx, what: string) {
          await Promise.resolve();
          if (ready) log.push(what);
          else ctx.stash();
        },
        go(ctx) {
          ready = true;
          ctx.unstash();
        },
      },
    });
    const slow = kit.system.spawn(Slow);
    slow.put("a");
    slow.put("b");
    slow.go();
    await kit.run();
    expect(log).toEqual(["a", "b"]);
  });

  test("twice of the same message is refused, and loses nothing", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const errors: unknown[] = [];
    let ready = false;
    const Twice = actor({
      cast: {
        put(ctx, what: string) {
          if (ready) return void log.push(what);
          ctx.stash();
          try {
            ctx.stash();
          } catch (error) {
            errors.push(error);
          }
        },
        go(ctx) {
          ready = true;
          ctx.unstash();
        },
      },
    });
    const ref = kit.system.spawn(Twice);
    ref.put("a");
    ref.put("b");
    ref.go();
    await kit.run();
    expect(log).toEqual(["a", "b"]);
    expect(errors).toMatchObject([{ code: "TROUPE_BAD_INPUT" }, { code: "TROUPE_BAD_INPUT" }]);
    expect(mailboxSize(ref)).toBe(0);
  });

  test("without a message that is being handled is refused", async () => {
    const kit = createTestSystem();
    const inInit = kit.system.spawn(actor({ init: (ctx) => ctx.stash() }));
    const Ticking = actor({ init: (ctx) => void ctx.timers.after(1, () => ctx.stash()) });
    const inTick = kit.system.spawn(Ticking);
    await kit.advance(1);
    for (const ref of [inInit, inTick]) {
      expect(await exited(ref)).toMatchObject({ error: { code: "TROUPE_BAD_INPUT" } });
    }
  });

  test("unstash with nothing stashed does nothing", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorKeeper(log));
    door.open();
    door.open();
    door.enter("a");
    await kit.run();
    expect(log).toEqual(["a"]);
  });
});

describe("what is stashed, when the actor", () => {
  test("crashes while it is unstashed: the rest is kept, in order", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const door = kit.system.spawn(doorKeeper(log), undefined, { restart: "permanent" });
    for (const who of ["a", "poison", "b", "c"]) door.enter(who);
    door.open();
    await kit.run();
    expect(log).toEqual(["a", "poison"]);
    door.open();
    await kit.run();
    expect(log).toEqual(["a", "poison", "b", "c"]);
  });

  test("restarts: waits for the new incarnation, before what came later", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    let open = false;
    const Def = actor({
      init: () => ({}),
      cast: {
        enter: (ctx, who: string) => (open ? void log.push(who) : ctx.stash()),
        fail() {
          open = true;
          throw new Error("boom");
        },
      },
    });
    const ref = kit.system.spawn(Def, undefined, { restart: "permanent" });
    ref.enter("a");
    ref.enter("b");
    ref.fail();
    ref.enter("c");
    await kit.run();
    expect(log).toEqual(["a", "b", "c"]);
  });

  test("ends: casts are dead letters, calls reject, in all ways to end", async () => {
    for (const end of [stop, drain]) {
      const kit = createTestSystem();
      const door = kit.system.spawn(doorKeeper([]));
      door.enter("a");
      const asked = door.ask("question");
      await kit.run();
      await end(door);
      await expect(asked).rejects.toMatchObject({ code: "TROUPE_ACTOR_STOPPED" });
      expect(kit.deadLetters).toEqual(["enter to door#1"]);
    }
  });
});

test("a message that its handler stashed and unstashed before it threw is not handled again", async () => {
  const kit = createTestSystem();
  const door = gate();
  let handled = 0;
  const Def = actor({
    cast: {
      async put(ctx) {
        handled++;
        ctx.stash();
        ctx.unstash();
        await door.passed;
        throw new Error("boom");
      },
    },
  });
  const ref = kit.system.spawn(Def, undefined, { restart: "permanent" });
  ref.put();
  door.open();
  await kit.run();
  expect(handled).toBe(1);
});

test("a message that its handler stashed behind thousands is not handled again either", async () => {
  for (const end of ["throws", "is killed"]) {
    const kit = createTestSystem();
    const log: unknown[] = [];
    const Def = actor({
      init: (ctx) => ctx.unstash(),
      cast: {
        put: (ctx, n: number) => (log.length === 0 ? ctx.stash() : void log.push(n)),
        async last(ctx) {
          log.push("last");
          ctx.stash();
          if (end === "throws") throw new Error("boom");
          await new Promise(() => {});
        },
      },
    });
    const options = { restart: "permanent", mailbox: { stash: 10_000 } } as const;
    const ref = kit.system.spawn(Def, undefined, options);
    const numbers = Array.from({ length: 3_000 }, (_, n) => n);
    for (const n of numbers) ref.put(n);
    ref.last();
    await kit.run();
    if (end === "is killed") await kill(ref);
    await kit.run();
    expect(log).toEqual(["last", ...numbers]);
  }
});
