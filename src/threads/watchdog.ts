import { Alarm } from "../kernel/alarm.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { BEAT } from "./control.ts";
import type { Thread } from "./thread.ts";

/** What becomes of a thread whose event loop stands still. */
export interface WatchdogOptions {
  /** In ms. */
  readonly limitMs: number;
  /** `terminate`: its actors end as killed, and their supervisors begin them on a fresh thread. */
  readonly action: "report" | "terminate";
}

/** How a watched thread was when it was last looked at. */
interface Sight {
  beat: number;
  /** When the beat was first seen to be this one. */
  since: number;
  reported: boolean;
}

/** Looks so often in the time of the limit; the reaction is late by one look at most. */
const LOOKS = 8;
const SHORTEST_MS = 5;
const LONGEST_MS = 250;

/**
 * Finds threads whose event loop is blocked.
 *
 * A thread counts up in shared memory as long as its loop turns. Where hosts share no memory, as
 * pages do that are not cross-origin isolated, nothing is found.
 */
export class Watchdog {
  readonly beatMs: number;
  readonly #kernel: Kernel;
  readonly #options: WatchdogOptions;
  readonly #sights = new Map<Thread, Sight>();
  readonly #alarm: Alarm;

  constructor(kernel: Kernel, options: WatchdogOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.beatMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, options.limitMs / LOOKS));
    this.#alarm = new Alarm(() => this.#look());
    this.#kernel.wheel.set(this.#alarm, this.beatMs);
  }

  watch(thread: Thread): void {
    this.#sights.set(thread, { beat: 0, since: this.#kernel.world.now(), reported: false });
  }

  forget(thread: Thread): void {
    this.#sights.delete(thread);
  }

  stop(): void {
    this.#kernel.wheel.cancel(this.#alarm);
    this.#sights.clear();
  }

  #look(): void {
    const now = this.#kernel.world.now();
    for (const [thread, sight] of this.#sights) this.#lookAt(thread, sight, now);
    this.#kernel.wheel.set(this.#alarm, this.beatMs);
  }

  #lookAt(thread: Thread, sight: Sight, now: number): void {
    const { control, status } = thread;
    if (control === undefined) return;
    const beat = Atomics.load(control, BEAT);
    // One that has not begun yet loads its module: that has a limit of its own.
    if (beat !== sight.beat || status !== "running") {
      sight.beat = beat;
      sight.since = now;
      sight.reported = false;
      return;
    }
    const blockedMs = now - sight.since;
    if (blockedMs < this.#options.limitMs || sight.reported) return;
    sight.reported = true;
    this.#report(thread, blockedMs);
  }

  #report(thread: Thread, blockedMs: number): void {
    const { action } = this.#options;
    const { events } = this.#kernel;
    const control = thread.control!;
    const by = thread.actorNames.atWork(control);
    const suspect = by === null ? thread.actorNames.sleeper(control) : null;
    if (events.wants("threadBlocked")) {
      const { name } = thread;
      events.emit({ type: "threadBlocked", thread: name, by, suspect, blockedMs, action });
    }
    if (action === "terminate") {
      const who = by ?? suspect ?? "code of no actor";
      thread.kill(`was blocked for ${Math.round(blockedMs)} ms by ${who}`);
    }
  }
}
