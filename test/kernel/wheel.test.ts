import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Wheel, WheelEntry } from "../../src/kernel/wheel.ts";
import { FakeHost } from "../support/fake-host.ts";

/** An entry that notes when it expires. */
class Noted extends WheelEntry {
  readonly id: number;
  readonly #host: FakeHost;
  readonly #log: Noted[];
  /** The earliest and the latest time at which it may expire. */
  earliest = 0;
  latest = 0;
  expiredAt: number | undefined;
  onExpire: () => void = () => {};

  constructor(id: number, host: FakeHost, log: Noted[]) {
    super();
    this.id = id;
    this.#host = host;
    this.#log = log;
  }

  setOn(wheel: Wheel, delayMs: number): void {
    const now = this.#host.now() - this.#host.origin;
    this.expiredAt = undefined;
    this.earliest = now + delayMs;
    this.latest = Math.max(Math.ceil(now + delayMs), Math.floor(now) + 1);
    wheel.set(this, delayMs);
  }

  override expire(): void {
    this.expiredAt = this.#host.now() - this.#host.origin;
    this.#log.push(this);
    this.onExpire();
  }
}

type Step =
  | {
      readonly do: "set";
      readonly delay: number;
      readonly again: number | null;
      readonly ends: number | null;
    }
  | { readonly do: "cancel"; readonly which: number }
  | { readonly do: "advance"; readonly by: number };

const DAY = 86_400_000;
/** With fractions in the clock, a timer may be a hair early, and be armed once more. */
const ROUNDING = 0.11;
/** Delays around the borders of the wheel's levels, and of what a host timer can wait. */
const delay = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.double({ min: 0, max: 40, noNaN: true }),
  fc.constantFrom(31, 32, 33, 1_023, 1_024, 1_025, 32_767, 32_768, 2 ** 20, 2 ** 25),
  fc.constantFrom(2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 + 5, 2 ** 35 + 7),
  fc.integer({ min: 0, max: 100 * DAY }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      delay,
      again: fc.option(delay, { freq: 5 }),
      ends: fc.option(fc.nat(20), { freq: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("advance" as const), by: delay }) },
);

interface Run {
  readonly host: FakeHost;
  readonly wheel: Wheel;
  readonly entries: Noted[];
  readonly log: Noted[];
}

/** Does what the steps say; calls `check` after each. */
function play(host: FakeHost, steps: readonly Step[], check: (run: Run) => void): Run {
  const run: Run = { host, wheel: new Wheel(host), entries: [], log: [] };
  const { wheel, entries, log } = run;
  for (const next of steps) {
    if (next.do === "advance") host.advance(next.by);
    else if (next.do === "cancel") {
      const entry = entries[next.which % Math.max(1, entries.length)];
      if (entry === undefined) continue;
      const pending = entry.slot >= 0;
      // False where it was not set any more; the checks would find one that is set all the same.
      if (wheel.cancel(entry) !== pending) throw new Error("cancel told a lie");
      if (pending) entry.earliest = Infinity;
    } else {
      const entry = new Noted(entries.length, host, log);
      let times = 0;
      entry.onExpire = () => {
        const other = entries[next.ends ?? -1];
        if (other !== undefined && wheel.cancel(other)) other.earliest = Infinity;
        if (next.again !== null && times++ === 0 && entry.slot < 0) entry.setOn(wheel, next.again);
      };
      entries.push(entry);
      entry.setOn(wheel, next.delay);
    }
    check(run);
  }
  return run;
}

/** What a naive sorted list would hold: entries that were set, not cancelled, and not expired. */
function waiting({ entries }: Run): Noted[] {
  return entries.filter((entry) => entry.expiredAt === undefined && entry.earliest !== Infinity);
}

describe("against a naive list", () => {
  test("nothing expires early, nothing late, and nothing that was cancelled", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom(0, 0.3, 12_345.678, 2 ** 31 - 100.5),
        (steps, origin) => {
          const run = play(new FakeHost(origin), steps, (now) => {
            const { host, wheel } = now;
            expect(wheel.size).toBe(waiting(now).length);
            for (const entry of waiting(now)) {
              expect(entry.latest).toBeGreaterThan(host.now() - host.origin - ROUNDING);
            }
          });
          // Twice as long as any wait: some are set anew when they expire.
          run.host.advance(2 ** 37);
          expect(waiting(run)).toEqual([]);
          expect(run.host.armed).toEqual([]);
          for (const { expiredAt, earliest, latest } of run.log) {
            if (expiredAt === undefined || earliest === Infinity) continue;
            expect(expiredAt).toBeGreaterThanOrEqual(earliest - 1e-4);
            expect(expiredAt).toBeLessThanOrEqual(latest + ROUNDING);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a host that is late or early changes neither the order nor that nothing is early", () => {
    fc.assert(
      fc.property(
        fc.array(
          step.filter((s) => s.do !== "set" || s.again === null),
          { maxLength: 40 },
        ),
        fc.constantFrom(-0.7, 3, 500, 40_000),
        (steps, late) => {
          const host = new FakeHost(0, late);
          let seen = 0;
          const run = play(host, steps, ({ log }) => {
            for (; seen < log.length; seen++) {
              const entry = log[seen]!;
              expect(entry.expiredAt).toBeGreaterThanOrEqual(entry.earliest);
              const before = log[seen - 1];
              if (before?.expiredAt !== entry.expiredAt) continue;
              const inOrder =
                before!.due < entry.due ||
                (before!.due === entry.due && before!.order < entry.order);
              expect(inOrder).toBe(true);
            }
          });
          host.advance(2 ** 36);
          expect(waiting(run)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** A wheel on a fake host, and a way to set notes on it. */
function setUp() {
  const host = new FakeHost();
  const wheel = new Wheel(host);
  const log: Noted[] = [];
  const set = (delayMs: number): Noted => {
    const entry = new Noted(log.length, host, log);
    entry.setOn(wheel, delayMs);
    return entry;
  };
  return { host, wheel, log, set };
}

describe("entries", () => {
  test("due at the same ms expire in the order in which they were set, from any distance", () => {
    const { host, log, set } = setUp();
    const far = set(5_000);
    host.advance(4_000);
    const nearer = set(1_000);
    host.advance(990);
    const near = set(10);
    host.advance(10);
    expect(log).toEqual([far, nearer, near]);
  });

  test("wait their full time beyond 2^31 ms", () => {
    for (const days of [24, 25, 50, 397, 398, 400, 800, 12_000]) {
      const { host, log, set } = setUp();
      set(days * DAY);
      host.advance(days * DAY - 1);
      expect(log).toEqual([]);
      host.advance(1);
      expect(log).toHaveLength(1);
    }
  });

  test("set after the wheel stood idle for long are due from now, not from when it stopped", () => {
    const { host, log, set } = setUp();
    set(10);
    host.advance(10);
    host.advance(1_000 * DAY);
    set(10);
    host.advance(9);
    expect(log).toHaveLength(1);
    host.advance(1);
    expect(log).toHaveLength(2);
  });

  test("of the same tick may be cancelled by one that expires before them", () => {
    const { host, wheel, log, set } = setUp();
    const first = set(10);
    const second = set(10);
    first.onExpire = () => expect(wheel.cancel(second)).toBe(true);
    host.advance(10);
    expect(log).toEqual([first]);
    expect(wheel.size).toBe(0);
  });

  test("tell how long they have to wait", () => {
    const { host, wheel, set } = setUp();
    const entry = set(100);
    expect(wheel.remaining(entry)).toBe(100);
    host.advance(40);
    expect(wheel.remaining(entry)).toBe(60);
    host.advance(100);
    expect(wheel.remaining(entry)).toBe(0);
  });
});

describe("the host's timer", () => {
  test("is armed once for any number of entries that are set and taken back", () => {
    const { host, wheel, set } = setUp();
    for (let n = 0; n < 1_000; n++) wheel.cancel(set(5_000));
    expect(host.timersMade).toBe(1);
  });

  test("is not left armed for long when everything was taken back", () => {
    const { host, wheel, set } = setUp();
    wheel.cancel(set(5_000));
    expect(host.armed.every((wait) => wait <= 30)).toBe(true);
    host.advance(30);
    expect(host.armed).toEqual([]);
  });

  test("is taken back at once when the last entry of a long wait goes", () => {
    const { host, wheel, set } = setUp();
    const entries = [set(60_000), set(90_000)];
    host.advance(1_000);
    expect(host.armed).toHaveLength(1);
    expect(host.armed[0]).toBeGreaterThan(1_000);
    wheel.cancel(entries[0]!);
    wheel.cancel(entries[1]!);
    expect(host.armed).toEqual([]);
  });

  test("is armed anew for an entry that is due before the others", () => {
    const { host, log, set } = setUp();
    set(60_000);
    host.advance(1_000);
    const soon = set(7);
    host.advance(7);
    expect(log).toEqual([soon]);
  });

  test("is never armed twice at a time", () => {
    const { host, set } = setUp();
    for (const wait of [500, 400, 300, 20, 10, 5, 1]) {
      set(wait);
      expect(host.armed).toHaveLength(1);
    }
  });
});
