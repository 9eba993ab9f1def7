import type { TimerHandle, World } from "../world/world.ts";

const BITS = 5;
const SLOTS = 1 << BITS;
const LEVELS = 8;
/** The last tick there is: 34 years after the wheel was made. */
const HORIZON = 2 ** (BITS * LEVELS) - 1;

/**
 * A first wait this short keeps the host timer cheap.
 *
 * Most calls are answered in microseconds. Arming a host timer for each would cost more than the
 * call (700 ns against 180), and leaving one armed for the whole time limit would keep a finished
 * process alive for seconds. So the first timer is short: if something still waits when it fires,
 * the next one is armed for the true time, and taken back when the wheel runs empty.
 */
const PROBATION_MS = 30;

/** What it takes of a world. */
export type WheelWorld = Pick<World, "now" | "setTimer" | "clearTimer">;

/** Something that happens at a time unless it is cancelled; extend it, so that it costs no object. */
export abstract class WheelEntry {
  /** The tick (ms of the wheel) at which it is due. */
  due = 0;
  /** Order of setting, which decides among equals. */
  order = 0;
  previous: WheelEntry | null = null;
  next: WheelEntry | null = null;
  slot = -1;

  abstract expire(): void;
}

/**
 * Every deadline and timer of a system, in one hierarchical timing wheel.
 *
 * ```text
 * level 0   32 slots of 1 ms       what is due within 32 ms
 * level 1   32 slots of 32 ms      … within a second
 * level 2   32 slots of 1,024 ms   … within 33 s
 *    ⋮      when a slot's time comes, what lies in it moves down a level
 * ```
 *
 * Setting and cancelling are O(1). Due times are whole ms, rounded up, so nothing happens early;
 * entries due at the same ms expire in the order in which they were set. After Varghese and Lauck
 * (1987).
 */
export class Wheel {
  readonly #world: WheelWorld;
  readonly #origin: number;
  /** Everything due at or before this tick has expired. */
  #tick = 0;
  #orders = 0;
  #size = 0;
  readonly #slots: (WheelEntry | null)[] = Array.from({ length: LEVELS * SLOTS }, () => null);
  /** Bit s of `#occupied[l]`: slot s of level l is not empty. */
  readonly #occupied = new Int32Array(LEVELS);
  #timer: TimerHandle;
  /** The tick for which the host timer is armed. */
  #armedFor = Infinity;
  /** The host timer is armed for a true due time, and not for the probation. */
  #armedLong = false;

  constructor(world: WheelWorld) {
    this.#world = world;
    this.#origin = world.now();
  }

  get size(): number {
    return this.#size;
  }

  /** Sets `entry` to expire `delayMs` from now; it must not be set already. */
  set(entry: WheelEntry, delayMs: number): void {
    const now = this.#world.now() - this.#origin;
    entry.due = Math.min(HORIZON, Math.max(this.#tick + 1, Math.ceil(now + delayMs)));
    entry.order = this.#orders++;
    // An idle wheel has stood still: let it catch up, or near things would look far away.
    if (this.#size === 0)
      this.#tick = Math.max(this.#tick, Math.min(Math.floor(now), entry.due - 1));
    this.#insert(entry);
    this.#size++;
    if (this.#timer === undefined) this.#arm(Math.min(this.#nextWake(), now + PROBATION_MS), false);
    else if (entry.due < this.#armedFor) this.#rearm(entry.due);
  }

  /** Takes `entry` back; false when it is not set (any more). */
  cancel(entry: WheelEntry): boolean {
    if (entry.slot < 0) return false;
    this.#unlink(entry);
    if (--this.#size === 0 && this.#armedLong) this.#disarm();
    return true;
  }

  /** Time until `entry` is due, in ms; 0 when it is past. */
  remaining(entry: WheelEntry): number {
    return Math.max(0, entry.due + this.#origin - this.#world.now());
  }

  #insert(entry: WheelEntry): void {
    const { due } = entry;
    const level = levelOf(due, this.#tick);
    const digit = digitOf(due, level);
    const slot = level * SLOTS + digit;
    const head = this.#slots[slot]!;
    entry.slot = slot;
    entry.previous = null;
    entry.next = head;
    if (head !== null) head.previous = entry;
    this.#slots[slot] = entry;
    this.#occupied[level]! |= 1 << digit;
  }

  #unlink(entry: WheelEntry): void {
    const { previous, next, slot } = entry;
    if (next !== null) next.previous = previous;
    if (previous !== null) previous.next = next;
    else {
      this.#slots[slot] = next;
      if (next === null) this.#occupied[slot >> BITS]! &= ~(1 << (slot & (SLOTS - 1)));
    }
    entry.slot = -1;
    entry.previous = entry.next = null;
  }

  /** The next tick at which a slot comes due or is to be sorted into lower levels. */
  #nextWake(): number {
    for (let level = 0; level < LEVELS; level++) {
      const at = digitOf(this.#tick, level);
      // Slots behind the hand hold nothing on their level: what is due there differs further up.
      const ahead = this.#occupied[level]! & (at === SLOTS - 1 ? 0 : -1 << (at + 1));
      if (ahead !== 0) {
        const slot = 31 - Math.clz32(ahead & -ahead);
        return (Math.floor(this.#tick / SLOTS ** (level + 1)) * SLOTS + slot) * SLOTS ** level;
      }
    }
    return Infinity;
  }

  #arm(tick: number, long: boolean): void {
    this.#armedFor = tick;
    this.#armedLong = long;
    const delay = tick + this.#origin - this.#world.now();
    this.#timer = this.#world.setTimer(delay, this.#onTimer);
  }

  #rearm(tick: number): void {
    this.#disarm();
    this.#arm(tick, true);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#world.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Infinity;
    this.#armedLong = false;
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#armedFor = Infinity;
    this.#armedLong = false;
    this.#advance(this.#world.now() - this.#origin);
    const next = this.#nextWake();
    if (next !== Infinity && this.#timer === undefined) this.#arm(next, true);
  };

  /** Expires all that is due at or before `now`, in order of due time. */
  #advance(now: number): void {
    for (let wake = this.#nextWake(); wake <= now; wake = this.#nextWake()) {
      this.#tick = wake;
      // From the top: an entry may fall through several levels at one tick.
      for (let level = LEVELS - 1; level > 0; level--) {
        if (wake % SLOTS ** level === 0) this.#cascade(level);
      }
      this.#expireNow();
    }
    this.#tick = Math.max(this.#tick, Math.floor(now));
  }

  #cascade(level: number): void {
    const slot = level * SLOTS + digitOf(this.#tick, level);
    for (let entry = this.#slots[slot]; entry != null; entry = this.#slots[slot]) {
      this.#unlink(entry);
      this.#insert(entry);
    }
  }

  #expireNow(): void {
    const slot = this.#tick % SLOTS;
    const due: WheelEntry[] = [];
    for (let entry = this.#slots[slot] ?? null; entry !== null; entry = entry.next) due.push(entry);
    if (due.length > 1) due.sort((a, b) => a.order - b.order);
    for (const entry of due) {
      // One that expires may cancel another of the same tick.
      if (entry.slot !== slot) continue;
      this.#unlink(entry);
      this.#size--;
      entry.expire();
    }
  }
}

/** Ticks below this, the first 24 days, are dealt with in 32-bit arithmetic: three times as fast. */
const SMALL = 2 ** 31;

/** The level of the highest base-32 digit in which two ticks differ; `tick` is not the later one. */
function levelOf(due: number, tick: number): number {
  if (due < SMALL) return ((31 - Math.clz32((due ^ tick) | 1)) / BITS) | 0;
  let level = 0;
  for (let size = SLOTS; level < LEVELS - 1; size *= SLOTS) {
    if (Math.floor(due / size) === Math.floor(tick / size)) break;
    level++;
  }
  return level;
}

/** One base-32 digit of a tick. */
function digitOf(tick: number, level: number): number {
  // A shift by 32 or more would begin again at 0: such digits of small ticks are 0.
  if (tick < SMALL) return BITS * level < 32 ? (tick >> (BITS * level)) & (SLOTS - 1) : 0;
  return Math.floor(tick / SLOTS ** level) % SLOTS;
}
