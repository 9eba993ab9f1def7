import { Groups } from "../names/groups.ts";
import { Registry } from "../names/registry.ts";
import { Topics } from "../names/topics.ts";
import { createHostWorld } from "../world/host-world.ts";
import { asyncScope, isDevelopment, watchCollection, type AsyncScope } from "../world/host.ts";
import type { World } from "../world/world.ts";
import { drainCell, exitedCell, stopCell } from "./acts.ts";
import type { Cell } from "./cell.ts";
import { ChildrenOf } from "./children.ts";
import { Deadlines } from "./deadlines.ts";
import { kill } from "./death.ts";
import { Events } from "./events.ts";
import type { Kernel, Stats } from "./kernel.ts";
import { lineLogger, Log, silentLogger } from "./log.ts";
import type { ActorRef } from "./ref.ts";
import { Router } from "./router.ts";
import type { Handling } from "./running.ts";
import { Scheduler, type SchedulerWorld } from "./scheduler.ts";
import { spawnCell, spawnHeld } from "./spawn.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { SystemOptions } from "./system.ts";
import { takeTurn } from "./turn.ts";
import { Wheel, type WheelWorld } from "./wheel.ts";

/** The parts of a node in which a simulated one differs from one on a host. */
export interface Parts {
  world(options: SystemOptions): World;
  wheel(world: WheelWorld): Wheel;
  scheduler(...args: ConstructorParameters<typeof Scheduler>): Scheduler;
  router(...args: ConstructorParameters<typeof Router>): Router;
  stopwatch(world: World, limitMs: number, development: boolean): Stopwatch | null;
  /** The incarnation of the node in which the system was made, where that is another. */
  readonly root?: string;
  /** Lines about failures are written by another node. */
  readonly failuresGoElsewhere?: boolean;
  watchCollection(onGone: (cell: Cell) => void): (ref: ActorRef, cell: Cell) => void;
}

export const HOST: Parts = {
  world: ({ world }) => world ?? createHostWorld(),
  wheel: (world) => new Wheel(world),
  scheduler: (...args) => new Scheduler(...args),
  router: (...args) => new Router(...args),
  stopwatch: (world, limitMs, development) => (development ? new Stopwatch(world, limitMs) : null),
  watchCollection,
};

/** Puts the parts of one node together. */
export function wire(options: SystemOptions, parts: Parts = HOST): Kernel {
  const world = parts.world(options);
  const development = options.development ?? isDevelopment();
  const scope = development ? sharedScope() : undefined;
  const events = new Events(scope);
  const clockwork = scope === undefined ? world : unscoped(world, scope);
  const logger = options.logger === false ? silentLogger : (options.logger ?? lineLogger);
  const wheel = parts.wheel(clockwork);
  const deadlines = new Deadlines(wheel);
  const scheduler = parts.scheduler(clockwork, takeTurn, deadlines.begin);
  const stats: Stats = {
    spawned: 0,
    ended: 0,
    failures: 0,
    restarts: 0,
    deadLetters: 0,
    lateReplies: 0,
    skippedCalls: 0,
    timeouts: 0,
    overflows: 0,
  };
  let lastId = 0;
  const incarnation = world.id();
  return {
    name: options.name ?? "local",
    incarnation,
    root: parts.root ?? incarnation,
    world,
    wheel,
    deadlines,
    scheduler,
    router: parts.router({ scheduler, stats, events }),
    events,
    log: new Log(logger, parts.failuresGoElsewhere === true ? null : events),
    stats,
    registry: new Registry(),
    groups: new Groups(),
    topics: new Topics(),
    scope,
    stopwatch: parts.stopwatch(world, options.slowHandlerMs ?? 10, development),
    leaving: new Set(),
    callTimeout: options.callTimeout ?? 5_000,
    capacity: options.mailboxCapacity ?? 100_000,
    nextId: () => lastId++,
    watchRef: parts.watchCollection(refCollected),
    spawn: spawnCell,
    spawnHeld,
    stop: stopCell,
    kill: (cell) => kill(cell, false),
    exited: (cell) => exitedCell(cell),
    childrenOf: (parent) => new ChildrenOf(parent),
  };
}

let scopeOfAll: AsyncScope<Handling | undefined> | undefined;

/**
 * One for all systems, as `running` is. Node 20 visits every storage that was ever used for each
 * promise that is made: a thousand systems with one each would bring a process to a halt.
 */
function sharedScope(): AsyncScope<Handling | undefined> | undefined {
  return (scopeOfAll ??= asyncScope<Handling>());
}

/** Turns and deadlines are nobody's, whoever's message or timer it was that started them. */
function unscoped(
  world: World,
  scope: AsyncScope<Handling | undefined>,
): SchedulerWorld & WheelWorld {
  return {
    now: () => world.now(),
    setTimer: (delayMs, fn) => world.setTimer(delayMs, () => scope.run(undefined, fn)),
    clearTimer: (timer) => world.clearTimer(timer),
    defer: (fn) => world.defer(() => scope.run(undefined, fn)),
    yieldToHost: (fn) => world.yieldToHost(() => scope.run(undefined, fn)),
  };
}

/** The last ref to an actor that asked for it is gone: it ends when it has done its work. */
function refCollected(cell: Cell): void {
  if (cell.status !== "stopped" && --cell.extra.refs === 0) void drainCell(cell);
}
