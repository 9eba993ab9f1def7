import type { AsyncScope } from "../world/host.ts";
import type { World } from "../world/world.ts";
import type { Groups } from "../names/groups.ts";
import type { Registry } from "../names/registry.ts";
import type { Topics } from "../names/topics.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Cell } from "./cell.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Events } from "./events.ts";
import type { Children } from "./context.ts";
import type { ExitReason, ReasonInput } from "./exit-reason.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Log } from "./log.ts";
import type { SpawnOptions } from "./options.ts";
import type { ActorRef } from "./ref.ts";
import type { Router } from "./router.ts";
import type { Handling } from "./running.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Stopwatch } from "./stopwatch.ts";
import type { Wheel } from "./wheel.ts";

/** Counters of everything that a system did and dropped, since it was made. */
export interface Stats {
  spawned: number;
  ended: number;
  failures: number;
  restarts: number;
  deadLetters: number;
  /** Replies that came after their caller had left. */
  lateReplies: number;
  /** Queued calls that were skipped because their caller had left. */
  skippedCalls: number;
  timeouts: number;
  /** Messages that found a full mailbox, whatever became of them. */
  overflows: number;
}

/** What the cells of one system share. `system.ts` makes it and wires it up. */
export interface Kernel {
  readonly name: string;
  /** Sets this life of the system apart from all others of its name. */
  readonly incarnation: string;
  /** The incarnation of the node in which the system was made: its own, outside of threads. */
  readonly root: string;
  readonly world: World;
  readonly wheel: Wheel;
  readonly deadlines: Deadlines;
  readonly scheduler: Scheduler;
  readonly router: Router;
  readonly events: Events;
  readonly log: Log;
  readonly stats: Stats;
  readonly registry: Registry<Cell>;
  readonly groups: Groups<Cell>;
  readonly topics: Topics;
  /** Follows who is running over an `await`; undefined outside of development. */
  readonly scope: AsyncScope<Handling | undefined> | undefined;
  /** Finds handlers that hold the event loop; null outside of development. */
  readonly stopwatch: Stopwatch | null;
  /** What the system has of the host's, and is being ended: threads. It has not stopped before they are. */
  readonly leaving: Set<Promise<unknown>>;
  /** Time limit of calls in ms, where the caller gives none. */
  readonly callTimeout: number;
  /** Bound of mailboxes, where neither definition nor spawn gives one. */
  readonly capacity: number;
  nextId(): number;
  watchRef(ref: ActorRef, cell: Cell): void;
  spawn(parent: Cell, behaviour: Behaviour, props: unknown, options?: SpawnOptions): Cell;
  spawnHeld(
    parent: Cell,
    behaviour: Behaviour,
    props: unknown,
    options?: SpawnOptions,
    before?: Cell | null,
  ): Cell;
  stop(cell: Cell, reason?: ReasonInput): Promise<ExitReason>;
  kill(cell: Cell): void;
  exited(cell: Cell): Promise<ExitReason>;
  childrenOf(parent: Incarnation): Children;
}
