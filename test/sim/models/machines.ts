import {
  createSystem,
  kill,
  machine,
  refuse,
  restart,
  supervisor,
  WrongStateError,
  type ActorDef,
  type Ref,
} from "troupe";
import { everyCallSettles, noLeaks, type Scenario, type Sim } from "troupe/sim";
import { Book, nothingWrong, pause } from "./book.ts";

/*
 * State machines: one event at a time, in the state that it finds; what is postponed comes back in
 * its order and once; what a machine sends itself comes next; timeouts belong to their state.
 */

const NAMES = ["locked", "moving", "open"] as const;
type Name = (typeof NAMES)[number];

interface Gate {
  unlock(): void;
  /** Postponed unless it is open. */
  pass(walker: Walker, number: number): void;
  /** Refused while it moves. */
  ask(manner: "now" | "later" | "refused", ms: number): Promise<number>;
}
interface Own {
  begun(life: Life): void;
  late(life: Life, dueAt: number): void;
}
interface States {
  locked: undefined;
  moving: { ms: number };
  open: { passed: number };
}

/** One who sends numbers, counted up. */
interface Walker {
  readonly name: string;
  sent: number;
  /** The last that was handled. */
  seen: number;
}

/** One incarnation of a gate, as its handlers saw it. */
class Life {
  readonly gate: string;
  state: Name | undefined;
  enteredAt = 0;
  movingMs = 0;
  /** A handler that waits. */
  isBusy = false;
  /** What it sent itself, and that must be handled before all else. */
  next: string | undefined;
  /** When its timeout of `late` is due. */
  lateAt: number | undefined;

  constructor(gate: string) {
    this.gate = gate;
  }
}

class Gates extends Book {
  readonly walkers: readonly Walker[] = ["ann", "ben", "cem"].map((name) => ({
    name,
    sent: 0,
    seen: 0,
  }));
  readonly lives = new Map<string, Life>();
  handled = 0;

  begin(gate: string): Life {
    const life = new Life(gate);
    this.lives.set(gate, life);
    return life;
  }

  enter(life: Life, state: Name, from: Name | undefined): void {
    this.saw(`enters ${state}`);
    this.expect(this.lives.get(life.gate) === life, () => `${life.gate}: enters after its end`);
    this.expect(life.state === from, () => `${state} entered from ${from}, it was ${life.state}`);
    life.state = state;
    life.enteredAt = this.now;
  }

  /** Every handler says so first. */
  event(life: Life, state: Name, what: string): void {
    const where = `${life.gate}: ${what} in ${state}`;
    this.expect(this.lives.get(life.gate) === life, () => `${where} after its end`);
    this.expect(life.state === state, () => `${where}, and it was ${life.state}`);
    this.expect(!life.isBusy, () => `${where} while another is handled`);
    this.expect(life.next === undefined || life.next === what, () => `${where}, not ${life.next}`);
    life.next = undefined;
  }

  timeout(life: Life, state: Name, ms: number): void {
    this.event(life, state, "after");
    this.saw(`after ${state}`);
    const since = this.now - life.enteredAt;
    this.expect(since >= ms, () => `${life.gate}: ${state} is left after ${since} ms of ${ms}`);
  }

  passed({ name, seen }: Walker, number: number): void {
    this.saw("passed");
    this.handled++;
    this.expect(number > seen, () => `${name}: ${number} behind ${seen}`);
  }

  /** Of what was sent, only what a failure took with it is missing. */
  checkRested(): void {
    const sent = this.walkers.reduce((sum, walker) => sum + walker.sent, 0);
    const { failures } = this.system.stats();
    const missing = sent - this.handled;
    const shown = `${missing} of ${sent} are missing, and there were ${failures} failures`;
    this.expect(missing >= 0 && missing <= failures, () => shown);
  }
}

interface Props {
  readonly name: string;
  readonly book: Gates;
  /** Of this incarnation. */
  life: Life;
}

const OPEN_MS = 12;

function gateOf(): ActorDef<Gate, Props> {
  return machine<Gate, States, Own>()({
    name: "gate",
    events: { unlock: "cast", pass: "cast", ask: "call", begun: "internal", late: "internal" },
    initial: "locked",
    init(_ctx, props: Props) {
      props.life = props.book.begin(props.name);
      return ["locked"];
    },
    states: {
      locked: {
        enter: ({ props: { book, life } }, from) => book.enter(life, "locked", from),
        on: {
          unlock: {
            to: "moving",
            do(ctx) {
              const { book, life } = ctx.props;
              book.event(life, "locked", "unlock");
              life.movingMs = Math.floor(ctx.random() * 20);
              ctx.goto("moving", { ms: life.movingMs });
            },
          },
          ask: {
            to: "moving",
            async do(ctx, manner, ms) {
              const { book, life } = ctx.props;
              book.event(life, "locked", "ask");
              life.movingMs = ms;
              ctx.goto("moving", { ms });
              if (manner === "refused") throw refuse(new RangeError("not today"));
              if (manner === "now") return ms;
              life.isBusy = true;
              await ctx.sleep(ms);
              life.isBusy = false;
              return ms;
            },
          },
          pass(ctx) {
            ctx.props.book.event(ctx.props.life, "locked", "pass");
            ctx.postpone();
          },
          begun: "refuse",
          late,
        },
      },
      moving: {
        async enter(ctx, from) {
          const { book, life } = ctx.props;
          book.enter(life, "moving", from);
          ctx.next("begun", life);
          life.next = "begun";
          if (ctx.random() < 0.5) return;
          life.isBusy = true;
          await ctx.sleep(1);
          life.isBusy = false;
        },
        on: {
          begun({ props: { book, life } }, whose) {
            book.event(life, "moving", "begun");
            book.saw("begun");
            book.expect(whose === life, () => `${life.gate}: sent by another incarnation`);
          },
          ask: "refuse",
          late,
        },
        after: {
          ms: (ctx) => ctx.data.ms,
          to: ["open", "locked"],
          do(ctx) {
            const { book, life } = ctx.props;
            book.timeout(life, "moving", life.movingMs);
            if (ctx.random() < 0.8) ctx.goto("open", { passed: 0 });
            else ctx.goto("locked");
          },
        },
        otherwise: "postpone",
      },
      open: {
        enter: ({ props: { book, life } }, from) => book.enter(life, "open", from),
        on: {
          pass(ctx, walker, number) {
            const { book, life } = ctx.props;
            book.event(life, "open", "pass");
            book.passed(walker, number);
            walker.seen = number;
            ctx.data.passed++;
          },
          unlock(ctx) {
            const { book, life } = ctx.props;
            book.event(life, "open", "unlock");
            life.lateAt = ctx.now() + 5;
            ctx.timeouts.set("late", 5, life, life.lateAt);
          },
          ask(ctx) {
            ctx.props.book.event(ctx.props.life, "open", "ask");
            return ctx.data.passed;
          },
          begun: "refuse",
          late,
        },
        after: {
          ms: OPEN_MS,
          to: "locked",
          do(ctx) {
            ctx.props.book.timeout(ctx.props.life, "open", OPEN_MS);
            ctx.goto("locked");
          },
        },
      },
    },
  });
}

/** The timeout of an event: in any state, in its own life, when it was last set to. */
function late(
  ctx: { readonly state: Name; readonly props: Props; now(): number },
  whose: Life,
  dueAt: number,
): void {
  const { book, life } = ctx.props;
  book.event(life, ctx.state, "late");
  book.saw(`late in ${ctx.state}`);
  book.expect(whose === life, () => `${life.gate}: a timeout of another incarnation`);
  book.expect(dueAt === life.lateAt, () => `${life.gate}: a timeout that was set anew`);
  book.expect(ctx.now() >= dueAt, () => `${life.gate}: late at ${ctx.now()}, due at ${dueAt}`);
}

interface App {
  readonly book: Gates;
  readonly gates: readonly Ref<Gate>[];
  nudges: number;
  nextNudgeAt: number;
}

function boot(sim: Sim): App {
  const system = createSystem({ development: sim.seed % 4 < 2 });
  const book = new Gates("machines", sim, system);
  const def = gateOf();
  const Yard = supervisor({
    name: "yard",
    intensity: { max: 1_000, within: 1_000 },
    children: Object.fromEntries(
      ["east", "west"].map((name) => [
        name,
        {
          actor: def,
          props: { name, book, life: new Life(name) },
          name,
          restart: "permanent" as const,
        },
      ]),
    ),
  });
  const yard = system.spawn(Yard);
  const gates = ["east", "west"].map((name) => yard.child(name));
  return { book, gates, nudges: 0, nextNudgeAt: 0 };
}

export const machines: Scenario<App> = {
  name: "machines",
  boot,
  workload: {
    clients: 3,
    steps: 8,
    pauseMs: [0, 8],
    commands: {
      pass: {
        weight: 6,
        // Always by the same gate: nothing is promised of two.
        run({ app: { book, gates }, client, chance }) {
          const walker = book.walkers[client - 1]!;
          for (let left = chance.int(1, 4); left > 0; left--) {
            gates[client % 2]!.pass(walker, ++walker.sent);
          }
        },
      },
      unlock: { weight: 4, run: ({ app, chance }) => chance.pick(app.gates).unlock() },
      ask: {
        weight: 3,
        async run({ app: { book, gates }, chance }) {
          const manner = chance.pick(["now", "later", "refused"] as const);
          const outcome: unknown = await chance
            .pick(gates)
            .ask(manner, chance.int(0, 9))
            .catch((error: unknown) => error);
          if (outcome instanceof WrongStateError) {
            book.expect(outcome.state === "moving", () => `refused in ${outcome.state}`);
          }
          book.saw(outcome instanceof Error ? outcome.constructor.name : "answered");
        },
      },
      restart: ({ app, chance }) => restart(chance.pick(app.gates)),
      kill: ({ app, chance }) => kill(chance.pick(app.gates)),
    },
  },
  faults: {
    crash: { chance: 0.01, who: ["east", "west"] },
    kill: { chance: 0.01, who: ["east", "west"] },
    slow: { chance: 0.02, ms: [1, 20] },
    stall: { chance: 0.02, ms: [1, 20] },
  },
  always: { nothingWrong, settles: everyCallSettles(), leaks: noLeaks() },
  eventually: {
    // Until a gate opens: one time in five it closes again.
    allHavePassed: ({ app }) => {
      if (app.book.now < app.nextNudgeAt) return false;
      if (app.nudges === 6) return true;
      app.nudges++;
      app.nextNudgeAt = app.book.now + 100;
      void pause(100);
      for (const each of app.gates) each.unlock();
      return false;
    },
    nothingIsMissing: ({ app: { book } }) => {
      book.checkRested();
      return book.wrong;
    },
    theEnd: ({ app }) => app.book.end(() => {}),
  },
  within: 5_000,
};
