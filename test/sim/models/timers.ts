import {
  createSystem,
  implement,
  restart,
  status,
  TimeoutError,
  type ActorDef,
  type Context,
  type Ref,
  type Timer,
} from "troupe";
import { noLeaks, type Scenario, type Sim } from "troupe/sim";
import { Book, nothingWrong, pause } from "./book.ts";

/*
 * Timers: nothing is early, nothing is seen after a cancel, a replacement or the end of its
 * incarnation, nothing is lost, and what repeats keeps its beat, whatever else is slow.
 */

type Kind = "after" | "at" | "skip" | "deliver" | "stopAfter" | "killAfter";
const KINDS = ["after", "at", "skip", "deliver", "stopAfter", "killAfter"] as const;

interface Sundial {
  set(kind: Kind, ms: number, key: string | undefined): void;
  cancel(index: number): void;
  cancelKey(key: string): void;
  slow(ms: number): void;
  sleep(ms: number): void;
  fail(): void;
}

interface Setting {
  readonly kind: Kind;
  readonly key: string | undefined;
  readonly life: Life;
  readonly setAt: number;
  readonly ms: number;
  timer?: Timer;
  ticks: number;
  lastTick: number;
  over: boolean;
}

/** One incarnation and what it has set. */
interface Life {
  readonly dial: Dial;
  readonly settings: Setting[];
}

interface Dial {
  readonly name: string;
  ref: Ref<Sundial>;
  life: Life | undefined;
}

class Almanac extends Book {
  readonly dials: Dial[] = [];

  set(life: Life, kind: Kind, ms: number, key: string | undefined, begin: () => Timer): Setting {
    // The same key replaces, whatever it was.
    const old = key === undefined ? undefined : this.keyed(life, key);
    if (old !== undefined) old.over = true;
    const counts = { ticks: 0, lastTick: this.now, over: false };
    const setting: Setting = { kind, key, life, setAt: this.now, ms, ...counts };
    life.settings.push(setting);
    setting.timer = begin();
    return setting;
  }

  keyed({ settings }: Life, key: string): Setting | undefined {
    return settings.find((setting) => setting.key === key && !setting.over);
  }

  tick(setting: Setting): void {
    const { kind, life, setAt, ms, over } = setting;
    const { name } = life.dial;
    const what = `${name}: ${kind} ${ms} of ${setAt}`;
    this.saw(kind);
    this.expect(life.dial.life === life, () => `${what} ticks in a life that is over`);
    this.expect(!over, () => `${what} ticks, and was cancelled`);
    setting.ticks++;
    setting.lastTick = this.now;
    const due = setAt + (repeats(setting) ? setting.ticks : 1) * ms;
    this.expect(this.now >= due, () => `${what} ticks at ${this.now}, before ${due}`);
    if (!repeats(setting)) setting.over = true;
  }

  /** It ended: was it time? */
  ended(life: Life, detail: unknown): void {
    if (typeof detail !== "string" || !detail.startsWith("timer ")) return;
    const setting = life.settings[Number(detail.slice(6))];
    if (setting === undefined) return;
    this.saw("stopAfter");
    const { setAt, ms, over } = setting;
    const what = `${life.dial.name}: stopAfter ${ms} of ${setAt}`;
    this.expect(!over, () => `${what} stops, and was cancelled`);
    this.expect(this.now >= setAt + ms, () => `${what} stops at ${this.now}`);
  }

  /** Killed, and nobody else does that here. */
  killed({ dial, settings }: Life): void {
    this.saw("killAfter");
    const due = settings.some(
      ({ kind, setAt, ms, over }) => kind === "killAfter" && !over && setAt + ms <= this.now,
    );
    this.expect(due, () => `${dial.name} was killed at ${this.now}, and no timer was due`);
  }

  /** Nobody is slow any more: what is due has come, and beats are where they should be. */
  checkRested(): void {
    for (const { life, ref, name } of this.dials) {
      if (life === undefined || status(ref) !== "running") continue;
      for (const setting of life.settings) {
        const { kind, setAt, ms, over, ticks, lastTick } = setting;
        if (over) continue;
        const what = `${name}: ${kind} ${ms} of ${setAt}`;
        const beats = Math.floor((this.now - setAt) / ms);
        const isDue = this.now > setAt + ms;
        if (kind === "deliver") {
          const isWhole = ticks >= beats - 1 && ticks <= beats;
          this.expect(isWhole, () => `${what} has ticked ${ticks} times of ${beats}`);
        } else if (kind === "skip") {
          const isLate = isDue && this.now - lastTick > ms;
          this.expect(!isLate, () => `${what} last ticked at ${lastTick}, and it is ${this.now}`);
          const offBeat = (lastTick - setAt) % ms;
          this.expect(!isDue || offBeat === 0, () => `${what} has drifted by ${offBeat} ms`);
        } else {
          this.expect(!isDue, () => `${what} has not come at ${this.now}`);
        }
      }
    }
  }
}

function repeats({ kind }: Setting): boolean {
  return kind === "skip" || kind === "deliver";
}

interface Props {
  readonly book: Almanac;
  readonly dial: Dial;
}
type Ctx = Context<Life, Props, Sundial>;

function sundial(): ActorDef<Sundial, Props> {
  return implement<Sundial>()({
    name: "sundial",
    init: (_ctx, { dial }: Props): Life => (dial.life = { dial, settings: [] }),
    exit(ctx, reason) {
      const { book, dial } = ctx.props;
      if (dial.life !== undefined && reason.kind === "shutdown")
        book.ended(dial.life, reason.detail);
    },
    cast: {
      set(ctx, kind, ms, key) {
        const { book } = ctx.props;
        const setting = book.set(ctx.state, kind, ms, key, () => start(ctx, kind, ms, key, tick));
        function tick(): void {
          book.tick(setting);
        }
      },
      cancel(ctx, index) {
        const { settings } = ctx.state;
        const setting = settings[index % Math.max(1, settings.length)];
        if (setting === undefined) return;
        setting.over = true;
        setting.timer?.cancel();
      },
      cancelKey(ctx, key) {
        const { book, dial } = ctx.props;
        const setting = book.keyed(ctx.state, key);
        const wasThere = ctx.timers.cancel(key);
        book.expect(
          wasThere === (setting !== undefined),
          () => `${dial.name}: cancel ${key} said ${wasThere}`,
        );
        if (setting !== undefined) setting.over = true;
      },
      slow: (_ctx, ms) => pause(ms),
      async sleep(ctx, ms) {
        const { book } = ctx.props;
        const from = ctx.now();
        await ctx.sleep(ms);
        book.saw("sleep");
        book.expect(ctx.now() >= from + ms, () => `slept ${ctx.now() - from} ms of ${ms}`);
      },
      fail() {
        throw new Error("told to fail");
      },
    },
  });
}

function start(ctx: Ctx, kind: Kind, ms: number, key: string | undefined, tick: () => void): Timer {
  const { timers } = ctx;
  const options = key === undefined ? {} : { key };
  switch (kind) {
    case "after":
      return timers.after(ms, tick, options);
    case "at":
      return timers.at(ctx.date() + ms, tick, options);
    case "skip":
    case "deliver":
      return timers.every(ms, tick, { ...options, missed: kind });
    case "stopAfter":
      return timers.stopAfter(ms, `timer ${ctx.state.settings.length - 1}`);
    case "killAfter":
      return timers.killAfter(ms);
  }
}

function boot(sim: Sim): { book: Almanac } {
  const system = createSystem({ development: sim.seed % 4 < 2 });
  const book = new Almanac("timers", sim, system);
  const def = sundial();
  const parent = implement<{ nothing(): void }>()({
    name: "parent",
    supervision: { intensity: { max: 1_000, within: 1_000 } },
    init(ctx) {
      for (const name of ["sun", "moon"]) {
        const dial = { name, life: undefined } as unknown as Dial;
        dial.ref = ctx.spawn(def, { book, dial }, { name, restart: "permanent" });
        book.dials.push(dial);
      }
    },
    cast: { nothing: () => {} },
  });
  system.on((event) => {
    if (event.type !== "failed" || (event.error as Error).name !== "KilledError") return;
    const life = book.dials.find(({ name }) => name === event.actor)?.life;
    if (life !== undefined) book.killed(life);
  }, "failed");
  system.spawn(parent);
  return { book };
}

export const timers: Scenario<{ book: Almanac }> = {
  name: "timers",
  boot,
  workload: {
    clients: 2,
    steps: 18,
    pauseMs: [0, 15],
    commands: {
      set: {
        weight: 6,
        run: ({ app: { book }, chance }) => {
          const kind = chance.bool(0.9) ? chance.pick(KINDS.slice(0, 4)) : chance.pick(KINDS);
          const isKeyed = kind !== "stopAfter" && kind !== "killAfter" && chance.bool(0.5);
          const key = isKeyed ? chance.pick(["x", "y"]) : undefined;
          chance.pick(book.dials).ref.set(kind, chance.int(2, 40), key);
        },
      },
      cancel: {
        weight: 2,
        run: ({ app: { book }, chance }) => chance.pick(book.dials).ref.cancel(chance.int(0, 9)),
      },
      cancelKey: {
        weight: 2,
        run: ({ app: { book }, chance }) =>
          chance.pick(book.dials).ref.cancelKey(chance.pick(["x", "y"])),
      },
      slow: {
        weight: 2,
        run: ({ app: { book }, chance }) => chance.pick(book.dials).ref.slow(chance.int(0, 60)),
      },
      sleep: ({ app: { book }, chance }) => chance.pick(book.dials).ref.sleep(chance.int(0, 30)),
      fail: ({ app: { book }, chance }) => chance.pick(book.dials).ref.fail(),
      restart: ({ app: { book }, chance }) => restart(chance.pick(book.dials).ref),
      deadline: async ({ app: { book }, chance }) => {
        const [workMs, limitMs, from] = [chance.int(0, 30), chance.int(1, 30), book.now];
        const error: unknown = await book.system
          .deadline(pause(workMs), limitMs)
          .catch((e: unknown) => e);
        if (error === undefined) return;
        book.saw("deadline");
        const isTime = error instanceof TimeoutError && book.now >= from + limitMs;
        book.expect(isTime, () => `a deadline of ${limitMs} ms came after ${book.now - from} ms`);
      },
    },
  },
  faults: {
    crash: 0.005,
    slow: { chance: 0.02, ms: [1, 50] },
    stall: { chance: 0.03, ms: [1, 60] },
    clock: { chance: 0.05, jumpMs: [-1_000, 1_000] },
  },
  always: { nothingWrong, leaks: noLeaks() },
  eventually: {
    rested: ({ app }) => app.book.hasRested(300),
    allHaveCome: ({ app: { book } }) => {
      book.checkRested();
      return book.wrong;
    },
    theEnd: ({ app }) => app.book.end(() => {}),
  },
  within: 2_000,
};
