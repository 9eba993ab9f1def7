import {
  actor,
  exited,
  mailboxSize,
  monitor,
  started,
  status,
  stop,
  type AnyRef,
  type Ref,
  type System,
} from "troupe";
import type { Threads, ThreadsOptions, ThreadsProtocol } from "troupe/threads";
import { describe, expect, test } from "vitest";
import { follow } from "../support/gate.ts";
import { Saboteur, Victim, Watcher, type SaboteurRef, type VictimRef } from "./actors.ts";
import { nextEvent, quietSystem, rejection, signsIn, twoThreads, type SignsHere } from "./stage.ts";

/*
 * A thread ends, in each of the ways that there are, while something of every sort is pending on
 * it: it all comes to an end, with a reason, once; and who runs on the other thread does not notice.
 */
interface Fault {
  readonly fault: string;
  readonly kind: "failed" | "killed";
  /** What its end is said to be. */
  readonly says: RegExp;
  readonly options?: Partial<ThreadsOptions>;
  run(saboteur: SaboteurRef, pool: Ref<ThreadsProtocol>, index: number): unknown;
}

const FAULTS: readonly Fault[] = [
  {
    fault: "exits with code 0",
    kind: "failed",
    says: /has ended by itself, with exit code 0/,
    run: (saboteur) => saboteur.exit(0),
  },
  {
    fault: "exits with code 3",
    kind: "failed",
    says: /has ended by itself, with exit code 3/,
    run: (saboteur) => saboteur.exit(3),
  },
  {
    fault: "throws outside of an actor",
    kind: "failed",
    says: /has ended: RangeError: thrown by nobody/,
    run: (saboteur) => saboteur.throw(),
  },
  {
    fault: "leaves a rejection unhandled",
    kind: "failed",
    says: /has ended: RangeError: rejected by nobody/,
    run: (saboteur) => saboteur.reject(),
  },
  {
    fault: "runs out of its memory",
    kind: "failed",
    says: /has ended: .*Worker terminated due to reaching memory limit/,
    options: { resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } },
    run: (saboteur) => saboteur.fillMemory(),
  },
  {
    fault: "is terminated",
    kind: "killed",
    says: /was terminated by hand/,
    run: (_saboteur, pool, index) => pool.terminate(index),
  },
  {
    fault: "is blocked, and the watchdog terminates it",
    kind: "killed",
    says: /was blocked for \d+ ms by saboteur/,
    options: { watchdog: { limitMs: 150, action: "terminate" } },
    run: (saboteur) => saboteur.block(),
  },
];

/** Two actors whose keys lead to two threads, and the index of the first. */
interface Two {
  readonly on: { readonly on: ReturnType<Threads["by"]> };
  readonly other: { readonly on: ReturnType<Threads["by"]> };
  readonly index: number;
}

/** Keys that lead to two different threads. */
async function two(system: System, pool: Threads, poolRef: Ref<ThreadsProtocol>): Promise<Two> {
  const on = { on: pool.by("one") };
  const other = { on: pool.by("two") };
  const probe = system.spawn(Saboteur, undefined, on);
  await probe.isThere();
  const index = (await poolRef.which()).findIndex(({ actors }) => actors === 1);
  await stop(probe);
  return { on, other, index };
}

/** Kinds of the reasons that a monitor, or a link, told of. */
function watch(system: System, ref: AnyRef): { monitors: string[]; links: string[] } {
  const told = { monitors: [] as string[], links: [] as string[] };
  monitor(ref, ({ reason }) => told.monitors.push(reason.kind));
  const Linked = actor({
    name: "linked",
    init: (ctx) => ctx.link(ref),
    onExit: (_ctx, { reason }): void => void told.links.push(reason.kind),
  });
  system.spawn(Linked);
  return told;
}

/** Spawns a victim that has started. */
async function victim(
  system: System,
  { signs }: SignsHere,
  options: Parameters<System["spawn"]>[2],
): Promise<VictimRef> {
  const ref = system.spawn(Victim, { signs }, options);
  await started(ref);
  return ref;
}

describe.each(FAULTS)("a thread that $fault", (fault) => {
  const { kind, says, options } = fault;

  test("settles all that was asked of it, once, and tells all who watch, once", async () => {
    await using system = quietSystem();
    const pool = twoThreads(options);
    const poolRef = system.spawn(pool);
    const { on, other, index } = await two(system, pool, poolRef);
    const signs = signsIn(system);
    const temporary = { ...on, restart: "temporary" } as const;
    const saboteur = system.spawn(Saboteur, undefined, temporary);
    const holding = await victim(system, signs, temporary);
    const owing = await victim(system, signs, temporary);
    const streaming = await victim(system, signs, temporary);
    const passing = await victim(system, signs, temporary);
    const neighbour = await victim(system, signs, other);
    const watcher = system.spawn(Watcher, { signs: signs.signs }, other);
    await watcher.watch(holding);
    neighbour.add(1);
    const told = watch(system, holding);
    const Passer = actor({
      name: "passer",
      call: { ask: (ctx, what: string) => ctx.forward(holding).hold(what) },
    });
    const items: number[] = [];
    const read = async (): Promise<void> => {
      for await (const item of streaming.count()) items.push(item as number);
    };

    const asked = {
      pending: follow(holding.hold("pending")),
      owed: follow(owing.owe()),
      stream: follow(read()),
      passedThither: follow(system.spawn(Passer).ask("behind")),
      passedHither: follow(passing.passOn(signs.signs, "hither")),
      queued: follow(holding.value()),
    };
    holding.add(1);
    await Promise.all(["pending", "owes", "item", "hither"].map((sign) => signs.until(sign)));
    const ended = nextEvent(system, "threadEnded");
    const { deadLetters } = system.stats();
    fault.run(saboteur, poolRef, index);
    const { error, reason, actors, lost } = await ended;
    await Promise.all([holding, owing, streaming, passing].map((ref) => exited(ref)));
    await signs.until(`down ${kind}`);
    await signs.until(`exit ${kind}`);
    signs.open();

    expect([reason.kind, actors]).toEqual([kind, 5]);
    expect(error.message).toMatch(says);
    expect(items).toEqual([0, 1]);
    for (const [what, { outcomes }] of Object.entries(asked)) {
      expect([what, outcomes.length]).toEqual([what, 1]);
      const [{ error: why }] = outcomes as [{ error: Error }];
      expect([what, why.name]).toEqual([what, "ActorStoppedError"]);
    }
    expect(told).toEqual({ monitors: [kind], links: [kind] });
    expect(signs.seen.filter((sign) => /^(down|exit) /.test(sign)).length).toBe(2);
    // The queued call, what was passed on, and the cast behind them; of the turn at its end, more or less.
    expect(lost).toBeGreaterThanOrEqual(3);
    expect(lost).toBeLessThanOrEqual(5);
    expect(system.stats().deadLetters - deadLetters).toBeGreaterThanOrEqual(1);
    // On the other thread nothing was noticed.
    expect([await neighbour.value(), status(neighbour)]).toEqual([1, "running"]);
    expect((await poolRef.which())[index]).toMatchObject({ actors: 0, replaced: 1 });
  });

  test("is replaced: what is permanent begins anew, from its props, on a fresh one", async () => {
    await using system = quietSystem();
    const pool = twoThreads(options);
    const poolRef = system.spawn(pool);
    const { on, index } = await two(system, pool, poolRef);
    const signs = signsIn(system);
    const permanent = { ...on, restart: "permanent" } as const;
    const temporary = { ...on, restart: "temporary" } as const;
    const ref = await victim(system, signs, permanent);
    const failing = await victim(system, signs, {
      ...permanent,
      backoff: { kind: "fixed", delay: 300 },
    });
    const beginning = system.spawn(Victim, { signs: signs.signs, slowInit: true }, permanent);
    await signs.until("init", 4);
    const link = watch(system, ref);
    ref.add(5);
    expect(await ref.value()).toBe(5);
    const thread = await ref.where();
    const restarting = nextEvent(system, "restarting");
    failing.fail();
    await restarting;
    // It waits for its back-off there, and what it is sent waits with it.
    const waiting = rejection(failing.value());
    const saboteur = system.spawn(Saboteur, undefined, temporary);
    await saboteur.isThere();
    const failed = nextEvent(system, "failed", ({ actor: name }) => name !== "saboteur");
    fault.run(saboteur, poolRef, index);

    expect((await failed).phase).toBe("thread");
    signs.open();
    expect(await ref.value()).toBe(0);
    expect(await ref.where()).not.toBe(thread);
    expect(mailboxSize(ref)).toBe(0);
    await started(beginning);
    expect(await beginning.value()).toBe(0);
    expect((await waiting).name).toBe("ActorStoppedError");
    expect(await failing.value()).toBe(0);
    expect(link.monitors).toEqual([]);
    expect(link.links).toEqual([kind]);
  });
});
