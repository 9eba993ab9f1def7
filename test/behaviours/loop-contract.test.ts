import { describe, expect, test } from "vitest";
import { actor, implement, port, status, withOptions, type ActorDef } from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow, gate } from "../support/gate.ts";

/** A loop over a contract: a cast, a call, a stream. */
interface Desk {
  note(what: string): void;
  ask(what: string): Promise<string>;
  feed(count: number): AsyncIterable<number>;
}
const kinds = { note: "cast", ask: "call", feed: "stream" } as const;

async function* upTo(count: number): AsyncGenerator<number> {
  for (let n = 1; n <= count; n++) yield n;
}

async function readAll(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const got: unknown[] = [];
  try {
    for await (const item of items) got.push(item);
  } catch (error) {
    got.push(error);
  }
  return got;
}

describe("a loop over a contract", () => {
  const Secretary: ActorDef<Desk, { log: string[] }> = implement<Desk>().loop<{ log: string[] }>(
    kinds,
    async (inbox, ctx) => {
      for await (const message of inbox) {
        switch (message.type) {
          case "note":
            ctx.props.log.push(message.args[0]);
            break;
          case "ask":
            if (message.args[0] === "") message.refuse(new Error("ask something"));
            else message.reply(`${message.args[0]}?`);
            break;
          case "feed":
            if (message.args[0] < 0) message.refuse(new Error("too few"));
            else message.stream(upTo(message.args[0]));
        }
      }
    },
  );

  test("answers calls with reply, or refuses them and goes on", async () => {
    const { system } = createTestSystem();
    const log: string[] = [];
    const desk = system.spawn(Secretary, { log });
    desk.note("first");
    expect(await desk.ask("why")).toBe("why?");
    await expect(desk.ask("")).rejects.toThrow("ask something");
    expect(await desk.ask("still")).toBe("still?");
    expect(log).toEqual(["first"]);
  });

  test("answers streams with stream, or refuses them and goes on", async () => {
    const kit = createTestSystem();
    const desk = kit.system.spawn(Secretary, { log: [] });
    expect(await readAll(desk.feed(3))).toEqual([1, 2, 3]);
    expect(await readAll(desk.feed(-1))).toMatchObject([{ message: "too few" }]);
    expect(await desk.ask("still")).toBe("still?");
    expect(kit.eventsOf("failed")).toEqual([]);
  });

  test("may answer a call later, after other messages", async () => {
    const kit = createTestSystem();
    const Later: ActorDef<Desk> = implement<Desk>().loop(kinds, async (inbox) => {
      const asked = await inbox.receive("ask");
      const note = await inbox.receive("note");
      asked.reply(note.args[0]);
      await inbox.receive();
    });
    const later = kit.system.spawn(Later);
    const { outcomes } = follow(later.ask("x"));
    await kit.run();
    expect(outcomes).toEqual([]);
    later.note("here");
    await kit.run();
    expect(outcomes).toEqual([{ value: "here" }]);
  });

  test("that never answers: its call rejects when the loop ends, and its stream too", async () => {
    const kit = createTestSystem();
    const Rude: ActorDef<Desk> = implement<Desk>().loop(kinds, async (inbox) => {
      await inbox.receive();
      await inbox.receive();
    });
    const rude = kit.system.spawn(Rude);
    const call = follow(rude.ask("x"));
    const stream = follow(readAll(rude.feed(1)));
    await kit.run();
    expect(call.outcomes).toMatchObject([{ error: { code: "TROUPE_ACTOR_STOPPED" } }]);
    expect(stream.outcomes).toMatchObject([{ value: [{ code: "TROUPE_ACTOR_STOPPED" }] }]);
  });

  test("may forward a call and end: the other's reply is the caller's", async () => {
    await using kit = createTestSystem();
    const reply = gate<number>();
    const worker = kit.system.spawn(actor({ call: { work: () => reply.passed } }));
    const Door = implement<{ work(): Promise<number> }>().loop(
      { work: "call" },
      async (inbox, ctx) => {
        await inbox.receive();
        ctx.forward(worker).work();
      },
    );
    const door = kit.system.spawn(Door);
    const { outcomes } = follow(door.work());
    await kit.run();
    expect(status(door)).toBe("stopped");
    reply.open(7);
    await kit.run();
    expect(outcomes).toEqual([{ value: 7 }]);
  });

  test("sees by the signal of a message that its caller has left", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const Patient: ActorDef<Desk> = implement<Desk>().loop(kinds, async (inbox) => {
      const { signal } = await inbox.receive("ask");
      signal.addEventListener("abort", () => log.push("left"));
      await inbox.receive("note");
    });
    const patient = kit.system.spawn(Patient);
    const { outcomes } = follow(withOptions(patient, { timeout: 10 }).ask("x"));
    await kit.advance(10);
    expect(outcomes).toMatchObject([{ error: { code: "TROUPE_TIMEOUT" } }]);
    expect(log).toEqual(["left"]);
  });

  test("does not see calls whose caller left while they waited", async () => {
    const kit = createTestSystem();
    const log: string[] = [];
    const hold = gate();
    const Slow: ActorDef<Desk> = implement<Desk>().loop(kinds, async (inbox) => {
      for await (const message of inbox) {
        log.push(message.type);
        await hold.passed;
      }
    });
    const slow = kit.system.spawn(Slow);
    slow.note("busy");
    follow(withOptions(slow, { timeout: 10 }).ask("x"));
    slow.note("next");
    await kit.advance(10);
    hold.open();
    await kit.run();
    expect(log).toEqual(["note", "note"]);
  });

  test.each(["reject", "dropNewest", "dropOldest"] as const)(
    "whose mailbox is full (%s) tells the reader of a stream, and does not fail",
    async (whenFull) => {
      const kit = createTestSystem();
      const hold = gate();
      const Slow: ActorDef<Desk> = implement<Desk>().loop(
        kinds,
        async (inbox) => {
          const first = await inbox.receive("feed");
          await inbox.receive("ask");
          first.stream(upTo(1));
          await hold.passed;
        },
        { mailbox: { capacity: 2, whenFull } },
      );
      const slow = kit.system.spawn(Slow);
      await kit.run();
      const taken = follow(readAll(slow.feed(1)));
      await kit.run();
      slow.note("1");
      const lost = follow(readAll(slow.feed(2)));
      await kit.run();
      if (whenFull === "dropOldest") for (const line of ["2", "3"]) slow.note(line);
      else follow(readAll(slow.feed(3)));
      await kit.run();
      const late = follow(readAll(slow.feed(4)));
      await kit.run();
      const full = [lost, late].flatMap(({ outcomes }) => outcomes);
      expect(full).toMatchObject([{ value: [{ code: "TROUPE_MAILBOX_FULL" }] }]);
      expect(taken.outcomes).toEqual([]);
      expect(kit.eventsOf("failed")).toEqual([]);
    },
  );

  test("can stream what a port emits", async () => {
    const kit = createTestSystem();
    const Ticker: ActorDef<Desk> = implement<Desk>().loop(kinds, async (inbox) => {
      const ticks = port<number>();
      let count = 0;
      for await (const message of inbox) {
        if (message.type === "feed") message.stream(ticks);
        else if (message.type === "note") ticks.emit(++count);
      }
    });
    const ticker = kit.system.spawn(Ticker);
    const reader = ticker.feed(0)[Symbol.asyncIterator]();
    const first = reader.next();
    await kit.run();
    ticker.note("tick");
    expect(await first).toEqual({ done: false, value: 1 });
  });

  test("that throws rejects the call that it had in hand", async () => {
    const error = new Error("torn");
    const kit = createTestSystem();
    const Fragile: ActorDef<Desk> = implement<Desk>().loop(kinds, async (inbox) => {
      await inbox.receive("ask");
      throw error;
    });
    const given = await kit.system
      .spawn(Fragile)
      .ask("x")
      .catch((caught: unknown) => caught);
    expect(given).toMatchObject({ reason: { kind: "failed", error }, cause: error });
  });
});
