import type { ActorDef } from "../kernel/behaviour.ts";
import type { EventType, SystemEvent } from "../kernel/events.ts";
import type { Logger, LogLevel } from "../kernel/log.ts";
import type { Ref } from "../kernel/ref.ts";
import { createSystem, type System, type SystemOptions } from "../kernel/system.ts";
import { Probe, probeOf, type Probed } from "./probe.ts";
import { VirtualWorld } from "./virtual-world.ts";

/** A line that an actor or the system logged. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: object;
}

type EventOf<T extends EventType> = Extract<SystemEvent, { readonly type: T }>;

/**
 * A system on virtual time, with everything that happened in it on record.
 *
 * Nothing sleeps: `run` lets everybody do what they have to do now, `advance` lets time pass.
 * Belongs to no test runner: what it finds wrong it throws.
 */
export class TestKit implements AsyncDisposable {
  readonly system: System;
  readonly world: VirtualWorld;
  /** Every event of the system, in order. */
  readonly events: SystemEvent[] = [];
  /** Every line that was logged. */
  readonly log: LogLine[] = [];

  /** @internal Use `createTestSystem`. */
  constructor(options: TestSystemOptions) {
    const { seed, ...rest } = options;
    this.world = new VirtualWorld(seed);
    this.system = createSystem({
      name: "test",
      logger: this.#logger(),
      ...rest,
      world: this.world,
    });
    this.system.on((event) => this.events.push(event));
  }

  #logger(): Logger {
    const at =
      (level: LogLevel) =>
      (fields: object, message: string): void =>
        void this.log.push({ level, message, fields });
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  /** Lets everybody do what there is to do at the present time. */
  run(): Promise<void> {
    return this.world.settle();
  }

  /** Lets `ms` of virtual time pass, every timer at its time. */
  advance(ms: number): Promise<void> {
    return this.world.advance(ms);
  }

  /** Starts an actor that stands in for one of `def`, and keeps what it is sent. */
  probe<A>(def: ActorDef<A, never>, name?: string): Probe<A> {
    const received: Probed<A, keyof A>[] = [];
    const answers = new Map<string, (...args: never[]) => unknown>();
    const double = probeOf(def, received, answers) as ActorDef<A>;
    const spawn = this.system.spawn.bind(this.system) as (
      def: ActorDef<A>,
      props: undefined,
      options: object,
    ) => Ref<A>;
    const ref = spawn(double, undefined, name === undefined ? {} : { name });
    return new Probe(ref, received, answers, () => this.run());
  }

  /** The events of one type, in order. */
  eventsOf<T extends EventType>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type);
  }

  /** Casts that nobody handled, as `verb to actor`. */
  get deadLetters(): string[] {
    return this.eventsOf("deadLetter").map(({ verb, actor }) => `${verb} to ${actor}`);
  }

  /** Stops the system, letting as much virtual time pass as that takes, up to `limitMs`. */
  async stop(limitMs = 60_000): Promise<void> {
    const stopping = { done: false };
    void this.system.stop().then(() => (stopping.done = true));
    await this.run();
    for (let passed = 0; passed < limitMs && !stopping.done; passed += 100) await this.advance(100);
    if (stopping.done) return;
    throw new Error(`the system did not stop within ${limitMs} ms of virtual time`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** How a test system is made; all but the world is as in `createSystem`. */
export interface TestSystemOptions extends Omit<SystemOptions, "world"> {
  /** For `ctx.random`, backoff jitter and the like. Default 1. */
  readonly seed?: number;
}

/** Makes a system on virtual time. */
export function createTestSystem(options: TestSystemOptions = {}): TestKit {
  return new TestKit(options);
}
