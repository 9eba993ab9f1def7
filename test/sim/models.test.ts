import { expect, test } from "vitest";
import { simulate } from "troupe/sim";
import { sightsOf } from "./models/book.ts";
import { models } from "./models/all.ts";

/** `SIM_SEEDS=100000` looks longer. */
const SEEDS = Number(process.env["SIM_SEEDS"] ?? 1_000);

interface Expected {
  /** Kinds of faults that must have happened. */
  readonly faults: readonly string[];
  /** What a model must have come across, lest it promise nothing. */
  readonly sights: readonly string[];
  /** Of the seeds, where a run takes long: each has many actors and checks. Default: all. */
  readonly share?: number;
}

const HARM = ["crash", "kill", "slow", "stall"];

const EXPECTED: Readonly<Record<keyof typeof models, Expected>> = {
  calls: {
    faults: [...HARM, "message.lost", "message.late", "message.reply lost", "process"],
    sights: [
      ...["now", "later", "deferred", "handed", "forwarded", "stashed"].map(
        (manner) => `answered ${manner}`,
      ),
      "refused",
      "fails",
      "aborted",
      "late",
      "TimeoutError",
      "ActorFailedError",
      "ActorStoppedError",
      "MailboxFullError",
      "DeadlockError",
      "KilledError",
    ],
  },
  factories: {
    faults: HARM,
    share: 0.2,
    sights: [
      "done",
      "failed",
      "retried",
      "workerStuck",
      "workerEnded",
      "draining",
      "finished",
      ...["ttl", "overload", "rateLimited", "shutdown", "abandoned"].map(
        (reason) => `discarded ${reason}`,
      ),
      "heard JobDiscardedError",
      "heard ActorFailedError",
      "heard TimeoutError",
    ],
  },
  links: { faults: HARM, sights: ["down", "noproc", "trapped", "linked end"] },
  machines: {
    faults: HARM,
    sights: [
      "enters locked",
      "enters moving",
      "enters open",
      "begun",
      "passed",
      "after moving",
      "after open",
      "late in locked",
      "late in moving",
      "late in open",
      "answered",
      "RangeError",
      "WrongStateError",
      "ActorFailedError",
      "ActorStoppedError",
    ],
  },
  mailboxes: {
    faults: HARM,
    sights: [
      "handled",
      "refused",
      "dropped",
      "mailbox full",
      "admitted",
      "taken up again",
      "failed upon",
      "cleared true",
    ],
  },
  names: {
    faults: [...HARM, "process"],
    sights: [
      "given",
      "refused",
      "heard of an end",
      "joined",
      "left",
      "event",
      "came too late to join",
    ],
  },
  streams: {
    faults: HARM,
    sights: [
      "stream",
      "left",
      "read to the end",
      "ActorFailedError",
      "ActorStoppedError",
      "source",
      "onEnd",
      "onError",
      "task ends",
      "task failsTold",
    ],
  },
  supervision: {
    faults: HARM,
    sights: [
      "came back",
      "clean oneForOne",
      "clean oneForAll",
      "clean restForOne",
      "clean dynamic",
      "gave up",
      "overdue",
      "fenced",
      "restart by hand",
      "escalated",
    ],
  },
  timers: {
    faults: ["crash", "slow", "stall", "clock"],
    sights: ["after", "at", "skip", "deliver", "stopAfter", "killAfter", "sleep", "deadline"],
  },
};

const names = Object.keys(EXPECTED) as (keyof typeof EXPECTED)[];

test.each(names)(
  "what is promised of %s holds under every seed",
  { timeout: 60 * Math.max(1_000, SEEDS) },
  async (name) => {
    const { faults, sights, share = 1 } = EXPECTED[name];
    const seeds = Math.ceil(share * SEEDS);
    const report = await simulate({ ...models[name], seeds, print: false });
    expect(report.seeds).toBe(seeds);
    expect(report.commands.done).toBeGreaterThan(seeds);
    expect(Object.keys(report.faults)).toEqual(expect.arrayContaining([...faults]));
    expect(Object.keys(sightsOf(name))).toEqual(expect.arrayContaining([...sights]));
    expect(report.interleavings.orders).toBeGreaterThan(0.9 * seeds);
  },
);
