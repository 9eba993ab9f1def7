import fc from "fast-check";
import type { Backoff, FailureDecision, Restart, Shutdown, Strategy, WhenFull } from "troupe";

/** How an actor of a run is made. Plain data, so that a failing run prints what it did. */
export interface Plan {
  readonly restart: Restart;
  readonly strategy: Strategy;
  readonly shutdown: Shutdown;
  readonly init: "sync" | "later" | "never" | "throws" | "rejects";
  readonly exit: "none" | "sync" | "later" | "throws";
  readonly trapExit: boolean;
  readonly name: string | null;
  readonly capacity: number;
  readonly whenFull: WhenFull;
  readonly backoff: Backoff;
  readonly onFailure: Extract<FailureDecision, string> | "throws" | null;
}

/** What a message asks its receiver to do. `to` is an index into the actors of the run. */
export type Work =
  | { readonly do: "note" | "stash" | "unstash" | "clear" | "join" | "leave" | "subscribe" }
  | { readonly do: "fail" | "wait" | "failLater"; readonly ms: number }
  | {
      readonly do: "tell" | "lastWords" | "watch" | "link" | "unlink" | "kill" | "stop";
      readonly to: number;
    }
  | { readonly do: "tellLater" | "callLater"; readonly to: number; readonly ms: number }
  | { readonly do: "call"; readonly to: number; readonly ask: Ask }
  | { readonly do: "breed"; readonly plan: Plan }
  | { readonly do: "failNextInit"; readonly times: number }
  | { readonly do: "stopSelf"; readonly reason: string | null }
  | { readonly do: "stopChild" | "drainChildren" }
  | {
      readonly do: "timer";
      readonly kind: "after" | "every";
      readonly ms: number;
      readonly key: string | null;
    }
  | { readonly do: "cancelTimer"; readonly key: string }
  | { readonly do: "task"; readonly ms: number; readonly fails: boolean };

/** What a call asks for. */
export type Ask =
  | { readonly do: "answer" | "refuse" | "fail" | "never" | "stash" }
  | { readonly do: "answerLater" | "failLater" | "deferred"; readonly ms: number }
  | { readonly do: "forward" | "handOver"; readonly to: number };

/** What is done from outside of actors. */
export type Op =
  | { readonly op: "spawn"; readonly plan: Plan }
  | { readonly op: "cast" | "castWhenRoom"; readonly to: number; readonly work: Work }
  | { readonly op: "call"; readonly to: number; readonly ask: Ask; readonly limit: number | null }
  | { readonly op: "abort"; readonly which: number }
  | { readonly op: "cancelMonitor"; readonly which: number }
  | { readonly op: "stop"; readonly to: number; readonly reason: string | null }
  | { readonly op: "drain" | "kill" | "restart" | "monitor"; readonly to: number }
  /** `watch`: `to` is made to watch the other, is held up, and the other sends it its last words. */
  | { readonly op: "link" | "unlink" | "watch"; readonly to: number; readonly other: number }
  | { readonly op: "publish" };

/** A mailbox this small fills up. */
export const FEW = 2;

const index = fc.nat(9);
const ms = fc.constantFrom(0, 1, 10, 300, 2_000);
const pick = <const T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

export const plans: fc.Arbitrary<Plan> = fc.record({
  restart: pick("permanent", "permanent", "transient", "temporary"),
  strategy: pick("oneForOne", "oneForAll", "restForOne", "dynamic"),
  shutdown: pick<Shutdown>(5_000, 100, 0, "kill", "infinity"),
  init: fc.oneof(
    { weight: 9, arbitrary: pick("sync") },
    { weight: 3, arbitrary: pick("later") },
    { weight: 1, arbitrary: pick("never", "throws", "rejects") },
  ),
  exit: pick("none", "none", "sync", "sync", "later", "throws"),
  trapExit: fc.boolean(),
  name: pick(null, null, null, null, "alice", "bob"),
  capacity: pick(100_000, 100_000, FEW),
  whenFull: pick("reject", "dropOldest", "dropNewest"),
  backoff: pick<Backoff>(
    { kind: "none" },
    { kind: "none" },
    { kind: "fixed", delay: 50 },
    { kind: "exponential", min: 10, max: 1_000, jitter: 0.5 },
  ),
  onFailure: pick(null, null, null, "restart", "stop", "resume", "escalate", "throws"),
});

const asks: fc.Arbitrary<Ask> = fc.oneof(
  fc.record({ do: pick("answer", "answer", "refuse", "fail", "never", "stash") }),
  fc.record({ do: pick("answerLater", "failLater", "deferred"), ms }),
  fc.record({ do: pick("forward", "handOver"), to: index }),
);

const works: fc.Arbitrary<Work> = fc.oneof(
  fc.record({
    do: pick("note", "note", "stash", "unstash", "clear", "join", "leave", "subscribe"),
  }),
  { weight: 2, arbitrary: fc.record({ do: pick("fail", "fail", "wait", "failLater"), ms }) },
  fc.record({
    do: pick("tell", "lastWords", "watch", "watch", "link", "unlink", "kill", "stop"),
    to: index,
  }),
  fc.record({ do: pick("tellLater", "callLater"), to: index, ms }),
  fc.record({ do: pick("call"), to: index, ask: asks }),
  { weight: 2, arbitrary: fc.record({ do: pick("breed"), plan: plans }) },
  fc.record({ do: pick("failNextInit"), times: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: pick("stopSelf"), reason: pick(null, "enough") }),
  fc.record({ do: pick("stopChild", "drainChildren") }),
  fc.record({
    do: pick("timer"),
    kind: pick("after", "every"),
    ms: pick(400, 900),
    key: pick(null, "t"),
  }),
  fc.record({ do: pick("cancelTimer"), key: pick("t") }),
  fc.record({ do: pick("task"), ms, fails: fc.boolean() }),
);

export const ops: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: pick("spawn"), plan: plans }) },
  {
    weight: 12,
    arbitrary: fc.record({
      op: pick("cast", "cast", "cast", "castWhenRoom"),
      to: index,
      work: works,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: pick("call"),
      to: index,
      ask: asks,
      limit: pick(null, 0, 20, Infinity),
    }),
  },
  fc.record({ op: pick("abort", "cancelMonitor"), which: fc.nat(3) }),
  fc.record({ op: pick("stop"), to: index, reason: pick(null, "told") }),
  {
    weight: 3,
    arbitrary: fc.record({ op: pick("drain", "kill", "restart", "monitor"), to: index }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: pick("link", "link", "unlink", "watch", "watch"),
      to: index,
      other: index,
    }),
  },
  fc.record({ op: pick("publish") }),
);
