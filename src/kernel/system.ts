import type { Topic } from "../names/topics.ts";
import type { World } from "../world/world.ts";
import { exitedCell, stopCell, type WaitOptions } from "./acts.ts";
import { Behaviour, behaviourOf, type ActorDef } from "./behaviour.ts";
import { Cell } from "./cell.ts";
import type { PropsArgs } from "./context.ts";
import type { EventListener, EventType, SystemEvent } from "./events.ts";
import { SHUTDOWN } from "./exit-reason.ts";
import { GroupRef, type Group } from "./group-ref.ts";
import { Incarnation } from "./incarnation.ts";
import type { Kernel, Stats } from "./kernel.ts";
import type { Logger } from "./log.ts";
import { checkLimit, checkName, checkNumber, resolveOptions } from "./options.ts";
import { refTo, type AnyRef, type Ref } from "./ref.ts";
import { Shutdown, type PhaseOptions, type ShutdownOptions } from "./shutdown.ts";
import { staging } from "./staging.ts";
import { Interval, deadline } from "./time.ts";
import { wire } from "./wiring.ts";

/** How a system is made. What is not given has a default. */
export interface SystemOptions {
  /** In addresses and logs. Default `local`. */
  readonly name?: string;
  /** Time limit of calls in ms, where the caller gives none; `Infinity` for none. Default 5,000. */
  readonly callTimeout?: number;
  /** Bound of mailboxes, where neither definition nor spawn gives one. Default 100,000. */
  readonly mailboxCapacity?: number;
  /**
   * Looks for slow handlers and for circles of waiting actors. Default: unless
   * `NODE_ENV=production`, for it costs a look at the clock for each message, and an async scope
   * for each async handler.
   */
  readonly development?: boolean;
  /** In development, handlers that hold the event loop longer are reported. Default 10 ms. */
  readonly slowHandlerMs?: number;
  /** Where lines go; `false` for nowhere. Default: one line on stderr for each failure. */
  readonly logger?: Logger | false;
  /** Time, chance and scheduling. Default: the host's. */
  readonly world?: World;
}

const ROOT = new Behaviour({ name: "root", verbs: [] });

/**
 * Actors that live together: a name space, a root, one event loop's scheduler.
 *
 * Systems know nothing of each other. `await using system = createSystem()` stops it, and all its
 * actors, at the end of the scope.
 */
export class System implements AsyncDisposable {
  readonly #kernel: Kernel;
  readonly #root: Cell;
  readonly #shutdown: Shutdown;

  /** @internal Use `createSystem`. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    const options = resolveOptions(ROOT, "system", undefined, kernel.capacity);
    this.#root = new Cell(kernel, ROOT, options, null, undefined);
    this.#root.extra.name = kernel.name;
    this.#root.incarnation = new Incarnation(this.#root);
    this.#root.status = "running";
    this.#root.flags = 0;
    this.#shutdown = new Shutdown(kernel, () => this.stop());
  }

  /** @internal */
  static kernelOf(system: System): Kernel {
    return system.#kernel;
  }

  get name(): string {
    return this.#kernel.name;
  }

  /**
   * Starts an actor at the top of the tree; returns its ref at once.
   *
   * Messages may be sent from that moment; none is handled before `init` is done. A failed start
   * is what `started(ref)` rejects with. It does not come back when it fails, unless `restart`
   * says so.
   */
  spawn<A, P>(def: ActorDef<A, P>, ...[props, options]: PropsArgs<NoInfer<P>>): Ref<A> {
    return refTo(this.#kernel.spawn(this.#root, behaviourOf(def), props, options));
  }

  /** Stops all actors, the youngest first, each within its shutdown time. */
  async stop(options?: WaitOptions): Promise<void> {
    await stopCell(this.#root, SHUTDOWN, options);
    this.#shutdown.forget();
    await Promise.allSettled(this.#kernel.leaving);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Resolves when the system has stopped. */
  async stopped(): Promise<void> {
    await exitedCell(this.#root);
  }

  /** The actor of this name, if there is one and it is of this kind. */
  whereIs<A>(def: ActorDef<A, never>, name?: string): Ref<A> | undefined {
    const cell = this.#kernel.registry.get(name ?? def.name);
    return cell !== undefined && cell.behaviour.definition === behaviourOf(def)
      ? refTo(cell)
      : undefined;
  }

  /** All registered names, in the order of registration. */
  names(): string[] {
    return this.#kernel.registry.names();
  }

  /** The actors at the top of the tree, in start order. */
  actors(): AnyRef[] {
    return this.#root.family?.list().map(({ ref }) => ref) ?? [];
  }

  group<A>(key: Group<A>): GroupRef<A> {
    return new GroupRef(this.#kernel, key);
  }

  /** The groups of a scope that have members; of the default scope, without one. */
  groups(scope = "default"): string[] {
    return this.#kernel.groups.names(scope);
  }

  /** The scopes that have groups with members. */
  scopes(): string[] {
    return this.#kernel.groups.scopes();
  }

  /** Tells all subscribers; answers how many it reached. */
  publish<T>(topic: Topic<T>, event: T): number {
    return this.#kernel.topics.publish(topic, event);
  }

  /** Calls `listener` for events, of all types or of those given; returns how to end that. */
  on<T extends EventType = EventType>(
    listener: (event: Extract<SystemEvent, { type: T }>) => void,
    ...types: readonly T[]
  ): () => void {
    // It hears of no others.
    const hear = listener as EventListener;
    return this.#kernel.events.subscribe(hear, types.length === 0 ? undefined : types);
  }

  /** Counters since the system was made, as they are now. */
  stats(): Readonly<Stats> & { readonly alive: number; readonly turns: number } {
    const { stats, scheduler } = this.#kernel;
    return { ...stats, alive: stats.spawned - stats.ended, turns: scheduler.turns };
  }

  /** Rejects with `TimeoutError` when the promise takes longer; the promise itself goes on. */
  deadline<T>(promise: PromiseLike<T>, timeoutMs: number): Promise<T> {
    return deadline(this.#kernel, promise, timeoutMs);
  }

  /** Yields 0, 1, 2 … every `periodMs`, drift-free; what comes while nobody looks is skipped. */
  interval(periodMs: number): AsyncIterableIterator<number> {
    return new Interval(this.#kernel, periodMs);
  }

  /** Adds something to do at shutdown, after what was added before, and before the actors stop. */
  phase(name: string, run: () => void | Promise<void>, options?: PhaseOptions): void {
    this.#shutdown.add(name, run, options);
  }

  /**
   * Runs the phases, then stops all actors.
   *
   * True when all went well: no phase failed or took too long, no `exit` hook threw, and no actor
   * had to be killed because its shutdown time was over.
   */
  shutdown(): Promise<boolean> {
    return this.#shutdown.run();
  }

  /**
   * Shuts down at the first of these signals, then ends the process: 0 when all went well.
   *
   * A second signal ends it at once, with 1.
   */
  shutdownOnSignals(options?: ShutdownOptions): void {
    this.#shutdown.onSignals(options);
  }
}

/** Makes a system of its own. */
export function createSystem(options: SystemOptions = {}): System {
  checkName("createSystem: name", options.name);
  checkLimit("createSystem: callTimeout", options.callTimeout);
  checkNumber("createSystem: mailboxCapacity", options.mailboxCapacity, 1, "messages");
  checkNumber("createSystem: slowHandlerMs", options.slowHandlerMs, 0, "ms");
  const { stage } = staging;
  return stage === null ? new System(wire(options)) : stage.createSystem(options);
}

const host: { defaultSystem?: unknown } = {};

/** One system for programs that need no more than one; made when first asked for. */
export function defaultSystem(): System {
  const shared = staging.stage ?? host;
  return (shared.defaultSystem ??= createSystem({ name: "default" })) as System;
}
