import { Alarm } from "../kernel/alarm.ts";
import type { Kernel } from "../kernel/kernel.ts";
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
  blockedMs: number;
  reported: boolean;
}

/** Looks so often in the time of the limit. */
const LOOKS = 8;
const SHORTEST_MS = 5;
/** A beat and a look later at most than the limit, whatever that is: 100 ms. */
const LONGEST_MS = 50;

/**
 * Finds threads whose event loop is blocked.
 *
 * Each counts up as long as its loop turns; one that has not for too long is reported, with the
 * actor whose turn it is.
 */
export class Watchdog {
  readonly beatMs: number;
  readonly #kernel: Kernel;
  readonly #options: WatchdogOptions;
  readonly #sights = new Map<Thread, Sight>();
  readonly #alarm: Alarm;
  #lastLook = 0;

  constructor(kernel: Kernel, options: WatchdogOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.beatMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, options.limitMs / LOOKS));
    this.#alarm = new Alarm(() => this.#look());
  }

  watch(thread: Thread): void {
    if (this.#sights.size === 0) this.#lookLater();
    this.#sights.set(thread, { beat: 0, blockedMs: 0, reported: false });
  }

  forget(thread: Thread): void {
    this.#sights.delete(thread);
    if (this.#sights.size === 0) this.#kernel.wheel.cancel(this.#alarm);
  }

  #lookLater(): void {
    this.#lastLook = this.#kernel.world.now();
    this.#kernel.wheel.set(this.#alarm, this.beatMs);
  }

  #look(): void {
    // Where this thread stood still, or the whole machine slept, the others may have, too.
    const sinceMs = Math.min(this.#kernel.world.now() - this.#lastLook, 2 * this.beatMs);
    this.#lookLater();
    for (const [thread, sight] of this.#sights) this.#lookAt(thread, sight, sinceMs);
  }

  #lookAt(thread: Thread, sight: Sight, sinceMs: number): void {
    // One that has not begun yet loads its module: that has a limit of its own.
    if (thread.status !== "running") return;
    const beat = thread.heartbeat.look();
    if (beat !== sight.beat) {
      sight.beat = beat;
      sight.blockedMs = 0;
      sight.reported = false;
      return;
    }
    sight.blockedMs += sinceMs;
    if (sight.blockedMs < this.#options.limitMs || sight.reported) return;
    sight.reported = true;
    this.#report(thread, sight.blockedMs);
  }

  #report(thread: Thread, blockedMs: number): void {
    const { action } = this.#options;
    const { events } = this.#kernel;
    const { by, suspect } = thread.atWork();
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
