import { expect, test } from "vitest";
import { actor, createSystem, implement, type ActorDef, type Ref, type RefOf } from "troupe";
import { pairOrder } from "troupe/sim";
import type { Envelope } from "../../../src/kernel/envelope.ts";
import { cellOf } from "../../../src/kernel/ref.ts";
import { EnvelopeQueue } from "../../../src/kernel/queue.ts";
import { runSeeds, failing } from "../once.ts";

const Sink = actor({
  name: "sink",
  init: () => ({ stashing: false }),
  cast: {
    note(_ctx, _what: number) {},
    stashNext(ctx) {
      ctx.state.stashing = true;
    },
  },
});
const Source = actor({
  name: "source",
  init: (_ctx, sink: Ref<{ note(what: number): void }>) => ({ sink, sent: 0 }),
  call: {
    send(ctx) {
      for (let i = 0; i < 3; i++) ctx.state.sink.note(++ctx.state.sent);
    },
  },
});

const sending = (sink: () => Ref<{ note(what: number): void }>) => ({
  boot: () => {
    const to = sink();
    const system = createSystem();
    return [1, 2, 3].map(() => system.spawn(Source, to));
  },
  workload: {
    clients: 3,
    commands: {
      send: ({ app, client }: { app: RefOf<typeof Source>[]; client: number }) =>
        app[client - 1]!.send(),
    },
  },
  always: { order: pairOrder() },
});

test("the order of each sender's messages is kept, whatever comes in between", async () => {
  const results = await runSeeds(
    { ...sending(() => createSystem().spawn(Sink)), faults: { crash: 0.02, kill: 0.02 } },
    30,
  );
  expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
});

test("a message that overtakes another of its sender is told, with both numbers", async () => {
  const Jumpy = actor({
    name: "jumpy",
    init: () => 0,
    cast: {
      note(ctx, _what: number) {
        // What no kernel should do: the last in the mailbox goes first.
        const { mailbox } = cellOf(ctx.self);
        const all: Envelope[] = [];
        for (let next = mailbox.shift(); next !== null; next = mailbox.shift()) all.unshift(next);
        const line = new EnvelopeQueue();
        for (const envelope of all) line.push(envelope);
        mailbox.prepend(line);
      },
    },
  });
  const error = await failing({ seeds: 5, ...sending(() => createSystem().spawn(Jumpy)) });
  expect(error.invariant).toBe("order");
  expect(error.message).toMatch(
    /jumpy#\d handled note, message \d+ from source#\d, after message \d+/,
  );
});

interface Letters {
  a(): void;
  b(): void;
}

test("a loop that picks its messages is left out, also where it takes the next one later", async () => {
  let picked = 0;
  const Picky: ActorDef<Letters> = implement<Letters>().loop(
    { a: "cast", b: "cast" },
    async (inbox) => {
      for (;;) {
        await inbox.receive("b");
        picked++;
        await inbox.receive();
        await inbox.receive();
      }
    },
  );
  const Sender = actor({
    name: "sender",
    init: (_ctx, picky: Ref<Letters>) => picky,
    call: {
      send(ctx) {
        for (const verb of ["a", "a", "b"] as const) ctx.state[verb]();
      },
    },
  });
  const results = await runSeeds(
    {
      boot: () => {
        const system = createSystem();
        return system.spawn(Sender, system.spawn(Picky));
      },
      workload: { commands: { send: ({ app }) => app.send() } },
      always: { order: pairOrder() },
    },
    10,
  );
  expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
  expect(picked).toBeGreaterThan(10);
});

test("what an actor stashes may come again later", async () => {
  const Stasher = actor({
    name: "stasher",
    init: () => ({ open: false, handled: 0 }),
    cast: {
      note(ctx, what: number) {
        if (what === 3) {
          ctx.state.open = true;
          ctx.unstash();
        } else if (!ctx.state.open) ctx.stash();
        ctx.state.handled++;
      },
    },
  });
  const results = await runSeeds(
    sending(() => createSystem().spawn(Stasher)),
    10,
  );
  expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
});
