import { define } from "../behaviours/actor.ts";
import type { ActorDef, Behaviour } from "../kernel/behaviour.ts";
import type { Cell } from "../kernel/cell.ts";
import { ActorStoppedError, BadInputError, refuse } from "../kernel/errors.ts";
import { KILLED, SHUTDOWN, type ExitReason } from "../kernel/exit-reason.ts";
import { Fifo } from "../kernel/fifo.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { STAND_IN, type Place } from "../kernel/place.ts";
import { staging } from "../kernel/staging.ts";
import { Waiters } from "../kernel/waiters.ts";
import type { StandIns } from "../peer/stand-ins.ts";
import {
  checkThreads,
  defaultSize,
  threadOptions,
  watchdogOf,
  type ThreadsOptions,
} from "./options.ts";
import { makePlace } from "./place.ts";
import { Pool, type PoolParts, type ThreadInfo } from "./pool.ts";

/** What a pool of threads answers. */
export interface ThreadsProtocol {
  /** Its threads, as they are now. */
  which(): Promise<ThreadInfo[]>;
  /** Ends one of them by force; another takes its place. Its actors end as killed. Done when it is gone. */
  terminate(index: number): Promise<void>;
}

/** A pool of threads: a definition to be spawned, and a place to put actors. */
export interface Threads extends ActorDef<ThreadsProtocol>, Place {
  /** The same pool; actors of one key are put on one thread. */
  by(key: string): Place;
}

type Ctx = Incarnation & { state: Pool | null };

/**
 * Makes a pool of threads: `spawn(Def, props, { on: pool })` puts an actor on one of them.
 *
 * Nothing else about such an actor changes: its ref, its calls, its place among its parent's
 * children. Each thread loads `module`, which has to `register` the definitions. A thread that ends
 * is replaced; its actors have failed, and their supervisors begin them on the new one.
 *
 * The pool is an actor, too: spawn it to say where in the tree it stands, before those that use it;
 * else it is started at the top of the tree, by the first that does. In a simulation, and with size
 * 0, actors run where they are spawned.
 *
 * Unlike actors that wait, threads keep the process alive: until the pool, or the system, is stopped.
 *
 * Throws `BadInputError` for options that cannot work, and for a module that is not there.
 */
export function threads(options: ThreadsOptions): Threads {
  checkThreads("threads", options);
  const size = options.size ?? defaultSize();
  const parts: PoolParts | null =
    size === 0
      ? null
      : { size, thread: threadOptions("threads", options), watchdog: watchdogOf(options) };
  const running = new RunningPools(options.name ?? "threads", parts);
  const place = (choose: (pool: Pool) => StandIns): Place => placeIn(running, choose);
  const least = place((pool) => pool.leastLoaded());
  return Object.assign(running.definition as ActorDef<ThreadsProtocol>, {
    [STAND_IN]: least[STAND_IN],
    by: (key: string): Place => place((pool) => pool.byKey(key)),
  });
}

/** One pool's definition, and its actor in each system that has one. */
class RunningPools {
  readonly definition: Behaviour;
  readonly isReal: boolean;
  readonly #byKernel = new WeakMap<Kernel, Running>();

  constructor(name: string, parts: PoolParts | null) {
    this.isReal = parts !== null;
    this.definition = define({
      name,
      // Those that run there may take their time; they have limits of their own.
      shutdown: "infinity",
      init: (ctx: Incarnation): Pool | null => {
        if (parts === null || staging.stage !== null) return null;
        const running = this.#of(ctx.cell.kernel);
        running.begin(ctx.cell);
        const pool = new Pool(ctx, parts);
        ctx.own(pool);
        running.begun(pool);
        return pool;
      },
      call: {
        which: (ctx: Ctx) => ctx.state?.which() ?? [],
        async terminate(ctx: Ctx, index: number): Promise<void> {
          const thread = ctx.state?.at(index);
          if (thread === undefined) {
            const has = `it has ${ctx.state?.size ?? 0}, from 0`;
            throw refuse(new BadInputError(`${ctx.name}: there is no thread ${index}; ${has}`));
          }
          // What comes of it may be that the pool fails: not inside of its own turn.
          await Promise.resolve();
          await thread.terminate(KILLED, "was terminated by hand");
        },
      },
      exit: (ctx: Ctx, reason: ExitReason) =>
        ctx.state?.end(reason, ctx.cell.rare?.ending?.final === true),
    });
  }

  #of(kernel: Kernel): Running {
    const known = this.#byKernel.get(kernel) ?? new Running();
    this.#byKernel.set(kernel, known);
    return known;
  }

  /** The pool in the node of `cell`; begun at the top of the tree, if nobody has. */
  find(cell: Cell): Pool | Promise<Pool> {
    const { kernel } = cell;
    const running = this.#of(kernel);
    if (running.cell === null) {
      let root = cell;
      while (root.parent !== null) root = root.parent;
      running.cell = kernel.spawn(root, this.definition, undefined, { restart: "permanent" });
    }
    return running.find();
  }

  /** The pool of a node that has one now. */
  present(kernel: Kernel): Pool | null {
    return this.#of(kernel).pool;
  }
}

/** A pool's actor in one system. */
class Running {
  cell: Cell | null = null;
  /** Its end will be heard of. */
  #isHeard = false;
  #pool: Pool | null = null;
  readonly #waiting = new Fifo<{ found(pool: Pool): void; lost(error: Error): void }>();

  get pool(): Pool | null {
    return this.#pool?.isOver === false ? this.#pool : null;
  }

  /** Notes whose pool it is; a system has one of each. */
  begin(cell: Cell): void {
    if (this.cell !== null && this.cell !== cell && this.cell.status !== "stopped") {
      throw new BadInputError(
        `${cell.label}: this pool runs already, as ${this.cell.label}; spawn it before the actors that run on it, and once`,
      );
    }
    if (this.cell === cell && this.#isHeard) return;
    this.cell = cell;
    this.#isHeard = true;
    (cell.extra.exitWaiters ??= new Waiters()).add(() => this.#ended(cell));
  }

  begun(pool: Pool): void {
    this.#pool = pool;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.found(pool);
    }
  }

  /** The pool, when it has begun; rejects, or throws, when it has ended. */
  find(): Pool | Promise<Pool> {
    const { pool, cell } = this;
    if (pool !== null) return pool;
    if (cell?.status === "stopped") throw endedError(cell);
    return new Promise((found, lost) => this.#waiting.push({ found, lost }));
  }

  #ended(cell: Cell): void {
    this.#isHeard = false;
    const error = endedError(cell);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.lost(error);
    }
  }
}

function endedError({ label, reason }: Cell): ActorStoppedError {
  return new ActorStoppedError(label, "a place on its threads", reason ?? SHUTDOWN);
}

function placeIn(running: RunningPools, choose: (pool: Pool) => StandIns): Place {
  return makePlace(running.isReal, {
    lodge(cell) {
      const pool = running.find(cell);
      return pool instanceof Promise ? pool : choose(pool);
    },
    urge: (node, cell) => running.present(node.peer.kernel)?.urge(node, cell),
  });
}
