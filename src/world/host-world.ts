import type { TimerHandle, World } from "./world.ts";

/** What this file takes from the host: the only place that names them. */
interface Clockwork {
  readonly performance: { now(): number };
  readonly Date: { now(): number };
  readonly crypto?: { randomUUID?(): string };
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
  setImmediate?(fn: () => void): unknown;
  readonly MessageChannel?: new () => {
    port1: { onmessage: (() => void) | null; unref?(): void };
    port2: { postMessage(value: unknown): void };
  };
}
const host = globalThis as unknown as Clockwork;

/** `setTimeout` fires at once for anything longer. */
const LONGEST_HOST_DELAY = 2 ** 31 - 1;

/** A host timer that is armed again until the whole delay is over. */
interface LongTimer {
  handle: unknown;
}

function armTimer(timer: LongTimer, delayMs: number, fn: () => void): void {
  timer.handle =
    delayMs <= LONGEST_HOST_DELAY
      ? host.setTimeout(fn, delayMs)
      : host.setTimeout(
          () => armTimer(timer, delayMs - LONGEST_HOST_DELAY, fn),
          LONGEST_HOST_DELAY,
        );
}

/**
 * Picks how to let the host breathe.
 *
 * `setTimeout(0)` costs at least a millisecond in every host and four in browsers, so it is the
 * last choice.
 */
function hostYield(): (fn: () => void) => void {
  const { MessageChannel } = host;
  if (host.setImmediate !== undefined) return (fn) => void host.setImmediate!(fn);
  if (MessageChannel === undefined) return (fn) => void host.setTimeout(fn, 0);
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return (fn) => {
    waiting.push(fn);
    channel.port2.postMessage(0);
  };
}

const settled = Promise.resolve();

/** The world as the host has it: real time, real chance, the host's own event loop. */
export function createHostWorld(): World {
  return {
    now: () => host.performance.now(),
    date: () => host.Date.now(),
    random: () => Math.random(),
    id: () =>
      host.crypto?.randomUUID?.() ??
      `${host.Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
    setTimer(delayMs, fn): TimerHandle {
      const timer: LongTimer = { handle: undefined };
      armTimer(timer, Math.max(0, delayMs), fn);
      return timer;
    },
    clearTimer: (timer) => host.clearTimeout((timer as LongTimer).handle),
    // Half the price of `queueMicrotask`, which makes an async resource for each in Node.
    defer: (fn) => void settled.then(fn),
    yieldToHost: hostYield(),
  };
}
