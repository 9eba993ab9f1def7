import { AsyncResource } from "node:async_hooks";
import { promisify } from "node:util";
import { EscapedAwaitError } from "../errors.ts";
import type { Machine } from "../machine.ts";
import type { Moment } from "../service.ts";

/*
 * While a simulation runs, its globals are these. Code that asks the host for the time, for chance
 * or for a timer gets those of the simulation, so that a service need not be written for it. Nobody
 * else sees them: a run gives the event loop no turn before they are put back.
 */

type Callback = (...args: unknown[]) => void;

const realNow = performance.now.bind(performance);

/** Milliseconds as the host counts them, also while the globals are not its own. */
export function hostNow(): number {
  return realNow();
}

/** What `setTimeout` and its like return: as much of Node's `Timeout` as anybody uses. */
class SimTimer {
  readonly #machine: Machine;
  readonly #delayMs: number;
  readonly #repeats: boolean;
  readonly #fn: () => void;
  /** Node's own timers take the async context along. `AsyncResource.bind` costs ten times as much. */
  readonly #context = new AsyncResource("SimTimer");
  #moment: Moment | undefined;

  constructor(machine: Machine, delayMs: number, repeats: boolean, fn: () => void) {
    this.#machine = machine;
    this.#delayMs = delayMs;
    this.#repeats = repeats;
    this.#fn = fn;
    this.#set();
  }

  #set(): void {
    this.#moment = this.#machine.service.setTimer(this.#delayMs, () => {
      this.#moment = undefined;
      if (this.#repeats) this.#set();
      this.#context.runInAsyncScope(this.#fn);
    });
  }

  close(): this {
    if (this.#moment !== undefined) this.#machine.service.cancel(this.#moment);
    this.#moment = undefined;
    return this;
  }

  refresh(): this {
    this.close();
    this.#set();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return this.#moment !== undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function clear(timer: unknown): void {
  if (timer instanceof SimTimer) timer.close();
}

/** At least 1 ms, as on every host. */
function wholeDelay(delayMs: unknown): number {
  const delay = Number(delayMs);
  return delay >= 1 && delay <= 2 ** 31 - 1 ? Math.floor(delay) : 1;
}

function dateOf(machine: Machine): DateConstructor {
  const Real = Date;
  function SimDate(this: unknown, ...args: unknown[]): Date | string {
    const given = args.length === 0 ? [machine.date()] : args;
    if (new.target === undefined) return new Real(machine.date()).toString();
    return Reflect.construct(Real, given, new.target) as Date;
  }
  SimDate.prototype = Real.prototype;
  Object.setPrototypeOf(SimDate, Real);
  return Object.assign(SimDate, { now: () => machine.date() }) as unknown as DateConstructor;
}

function timersOf(machine: Machine): Readonly<Record<string, unknown>> {
  const timer =
    (repeats: boolean) =>
    (fn: Callback, delayMs?: unknown, ...args: unknown[]): SimTimer =>
      new SimTimer(machine, wholeDelay(delayMs), repeats, () => fn(...args));
  const immediate = (fn: Callback, ...args: unknown[]): SimTimer =>
    new SimTimer(machine, 0, false, () => fn(...args));
  const timeout = timer(false);
  const later = (delayMs?: number, value?: unknown): Promise<unknown> =>
    new Promise((resolve) => void timeout(resolve, delayMs, value));
  return {
    setTimeout: Object.assign(timeout, { [promisify.custom]: later }),
    clearTimeout: clear,
    setInterval: timer(true),
    clearInterval: clear,
    setImmediate: Object.assign(immediate, {
      [promisify.custom]: (value?: unknown) =>
        new Promise((resolve) => void immediate(resolve, value)),
    }),
    clearImmediate: clear,
  };
}

function fillRandomly<T extends ArrayBufferView>(machine: Machine, array: T): T {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(machine.random() * 256);
  return array;
}

/** `process.hrtime()` and `process.hrtime.bigint()` by the simulated clock. */
function hrtimeOf(machine: Machine): typeof process.hrtime {
  const nanoseconds = (): bigint => BigInt(Math.round(machine.now * 1e6));
  const hrtime = (since: readonly [number, number] = [0, 0]): [number, number] => {
    const passed = nanoseconds() - BigInt(since[0]) * 1_000_000_000n - BigInt(since[1]);
    const seconds = passed / 1_000_000_000n;
    return [Number(seconds), Number(passed - seconds * 1_000_000_000n)];
  };
  return Object.assign(hrtime, { bigint: nanoseconds });
}

function randomUuid(machine: Machine): string {
  const bytes = fillRandomly(machine, new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [0, 8, 12, 16, 20].map((at, i, all) => hex.slice(at, all[i + 1])).join("-");
}

/** Who hears of what code of the simulation does, besides its caller. */
export interface Audience {
  /** Something was thrown where nobody could catch it. */
  readonly uncaught: (error: unknown) => void;
  /** The host was asked for what no simulation owns. */
  readonly escaped: (error: EscapedAwaitError) => void;
}

function refuse(name: string, { escaped }: Audience): () => never {
  return () => {
    const error = new EscapedAwaitError(
      `${name} was called in a simulation, which does not own it; give the service a simulated one`,
    );
    // Its caller may well be prepared for a fetch that fails.
    escaped(error);
    throw error;
  };
}

/**
 * What a microtask or a tick throws, Node takes for the end of the process. Worse, a throw out of
 * one while others drain the queue leaves Node's stack of async ids broken, and Node aborts.
 */
function guarded(fn: Callback, { uncaught }: Audience): Callback {
  return (...args) => {
    try {
      fn(...args);
    } catch (error) {
      uncaught(error);
    }
  };
}

function queuesOf(audience: Audience): readonly Substitute[] {
  const { queueMicrotask: queue } = globalThis;
  const nextTick = process.nextTick.bind(process);
  return [
    [globalThis, { queueMicrotask: (fn: Callback) => queue(guarded(fn, audience)) }],
    [
      process,
      {
        nextTick: (fn: Callback, ...args: unknown[]) => nextTick(guarded(fn, audience), ...args),
      },
    ],
  ];
}

/** An object of the host's, and what it is to have while the simulation runs. */
type Substitute = readonly [target: object, properties: Readonly<Record<string, unknown>>];

/** The host's globals in exchange for a simulation's. */
export class HostGlobals {
  readonly #substitutes: readonly Substitute[];
  /** How to put back what was there, in reverse order. */
  #undo: (() => void)[] = [];

  constructor(machine: Machine, audience: Audience) {
    const timeoutSignal = (delayMs: number): AbortSignal => {
      const controller = new AbortController();
      machine.service.after(wholeDelay(delayMs), "host timer", () =>
        controller.abort(new DOMException("The operation timed out", "TimeoutError")),
      );
      return controller.signal;
    };
    this.#substitutes = [
      [
        globalThis,
        { Date: dateOf(machine), ...timersOf(machine), fetch: refuse("fetch", audience) },
      ],
      ...queuesOf(audience),
      [Math, { random: () => machine.random() }],
      [performance, { now: () => machine.now }],
      [process, { hrtime: hrtimeOf(machine) }],
      [AbortSignal, { timeout: timeoutSignal }],
      [
        crypto,
        {
          randomUUID: () => randomUuid(machine),
          getRandomValues: (array: ArrayBufferView) => fillRandomly(machine, array),
        },
      ],
    ];
  }

  /** From here to `restore`, the globals are the simulation's. */
  substitute(): void {
    for (const [target, properties] of this.#substitutes) {
      for (const [name, value] of Object.entries(properties)) {
        this.#undo.push(replaceProperty(target, name, value));
      }
    }
  }

  restore(): void {
    for (const undo of this.#undo.toReversed()) undo();
    this.#undo = [];
  }
}

/** Sets a property; answers how to put back what was there, own or inherited. */
function replaceProperty(target: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const enumerable = own?.enumerable ?? false;
  Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}
