import {
  createSystem,
  implement,
  kill,
  restart,
  started,
  status,
  stop,
  topic,
  type ActorDef,
  type Context,
  type SpawnOptions,
  type Strategy,
} from "troupe";
import { noLeaks, type Scenario, type Sim } from "troupe/sim";
import { pause } from "./book.ts";
import { TreeBook, type Life, type Plan, type Work, type Worker } from "./tree-book.ts";

/*
 * Supervision: a tree three levels deep, every strategy in it, and hooks that are slow, throw and
 * are killed. What each life may do, who comes back with whom and in what order is in the book.
 */

interface Props {
  readonly book: TreeBook;
  readonly plan: Plan;
  readonly parent: Life | null;
}
type Def = ActorDef<Worker, Props>;
type Ctx = Context<Life, Props, Worker>;

const NEWS = topic<number>("news");

/** Makes the definitions of a run: what a kernel learns of a handler stays in its definition. */
function definitions(): (plan: Plan) => Def {
  const known = new Map<string, Def>();
  const defOf = ({ strategy, intensity, children }: Plan): Def => {
    const { max, within } = intensity;
    const any = children.some(({ significant }) => significant);
    const key = `${strategy}/${max}/${within}/${any}`;
    let def = known.get(key);
    if (def === undefined) {
      const supervision = { strategy, intensity, autoShutdown: any ? "any" : "never" } as const;
      known.set(key, (def = define(supervision, defOf)));
    }
    return def;
  };
  return defOf;
}

function define(supervision: { strategy: Strategy }, defOf: (plan: Plan) => Def): Def {
  return implement<Worker>()({
    name: "node",
    supervision,
    init: async (ctx, { book, plan, parent }: Props) => {
      const node = book.nodeOf(ctx.self, plan, parent);
      const life = book.begin(node, () => ctx.now());
      if (plan.initMs > 0) await pause(plan.initMs);
      if (node.failNextInits > 0) {
        node.failNextInits--;
        throw new Error("told to fail in init");
      }
      for (const child of plan.children) {
        const ref = ctx.spawn(defOf(child), { book, plan: child, parent: life }, optionsOf(child));
        book.nodeOf(ref, child, life);
        await started(ref);
      }
      return life;
    },
    async exit(ctx, reason) {
      const { book, plan } = ctx.props;
      const node = book.find(plan.name);
      if (node?.ref !== ctx.self || node.life === undefined) return;
      const life = book.beginExit(node, reason);
      if (plan.exitMs > 0) await pause(plan.exitMs);
      book.endExit(life, () => ctx.now());
      if (plan.exitThrows) throw new Error("exit failed");
    },
    cast: {
      work(ctx, number, work) {
        const { book, plan } = ctx.props;
        const node = ctx.state.node;
        book.expect(number > node.seen, () => `${plan.name} got ${number} after ${node.seen}`);
        node.seen = number;
        book.acts(ctx.state, "message");
        return doWork(ctx, work);
      },
      finish: (ctx) => ctx.stop(),
    },
  });
}

function doWork(ctx: Ctx, { what, ms }: Work): void | Promise<void> {
  const { book } = ctx.props;
  const life = ctx.state;
  const acts = (): void => book.acts(life, what);
  switch (what) {
    case "note":
      return;
    case "fails":
      throw new Error("told to fail");
    case "slow":
    case "failsLater":
      return slowly(ctx, life, ms, what === "failsLater");
    case "tick":
      return void ctx.timers.after(ms, acts);
    case "every":
      return void ctx.timers.every(ms + 1, acts, { key: "beat" });
    case "task":
      return ctx.task(() => pause(ms), acts);
    case "sleep":
      return ctx.sleep(ms).then(acts);
    case "hear":
      return void ctx.subscribe(NEWS, acts);
  }
}

async function slowly(ctx: Ctx, life: Life, ms: number, fails: boolean): Promise<void> {
  const { book } = ctx.props;
  await pause(ms);
  if (life.node.life !== life || life.killed) {
    book.expectFenced(life, () => ctx.timers.after(0, () => {}));
    book.expectFenced(life, () => ctx.stop());
  }
  if (fails) throw new Error("told to fail later");
}

// --- the tree ------------------------------------------------------------------------------------

/** Small numbers that depend on the seed alone. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 0x19660d) + 0x3c6ef35f) >>> 0;
    return (state >>> 8) % sides;
  };
}

const STRATEGIES = ["oneForOne", "oneForAll", "restForOne", "dynamic"] as const;
const NAMES = ["a", "b", "c", "d", "e", "f", "g"];

function drawTree(seed: number): Plan {
  const roll = dice(seed);
  const names = [...NAMES];
  const leaf = (significant = false): Plan => node(names.shift()!, [], significant);
  const node = (name: string, children: readonly Plan[], significant = false): Plan => ({
    name,
    children,
    significant,
    restart: significant
      ? "transient"
      : (["permanent", "transient", "temporary"] as const)[roll(3)]!,
    shutdown: ([5_000, 10, "kill", "infinity"] as const)[roll(4)]!,
    backoff: roll(3) === 0 ? { kind: "fixed", delay: 5 } : { kind: "none" },
    strategy: STRATEGIES[roll(4)]!,
    intensity: { max: 1 + roll(3), within: [20, 100, 5_000][roll(3)]! },
    initMs: roll(3) === 0 ? 2 : 0,
    exitMs: [0, 0, 3, 30][roll(4)]!,
    exitThrows: roll(5) === 0,
    maxRestarts: roll(4) === 0 ? 1 + roll(2) : Infinity,
    escalates: children.length === 0 && roll(8) === 0,
  });
  const low = node("low", [leaf(), leaf()]);
  const middle = node("middle", [leaf(), low, leaf(roll(2) === 0)]);
  return { ...node("top", [leaf(), middle, leaf(), leaf()]), restart: "permanent" };
}

function optionsOf(plan: Plan): SpawnOptions {
  return plan.escalates ? { ...plan, onFailure: () => "escalate" } : plan;
}

interface App {
  readonly book: TreeBook;
  readonly plant: () => void;
}

function boot(sim: Sim): App {
  const system = createSystem({ development: sim.seed % 4 < 2 });
  const book = new TreeBook("supervision", sim, system);
  const defOf = definitions();
  const plan = drawTree(sim.seed);
  system.on((event) => book.hear(event));
  const plant = (): void => {
    const top = book.find("top");
    if (top !== undefined && status(top.ref) !== "stopped") return;
    system.spawn(defOf(plan), { book, plan, parent: null }, plan);
  };
  plant();
  return { book, plant };
}

const WORK = [
  "note",
  "slow",
  "fails",
  "failsLater",
  "tick",
  "every",
  "task",
  "sleep",
  "hear",
] as const;
const ALL = ["top", "middle", "low", ...NAMES];

export const supervision: Scenario<App> = {
  name: "supervision",
  boot,
  workload: {
    clients: 2,
    steps: 14,
    pauseMs: [0, 12],
    commands: {
      work: {
        weight: 8,
        run: ({ app: { book }, chance }) => {
          const node = book.find(chance.pick(ALL));
          if (node === undefined) return;
          const many = chance.int(1, 3);
          for (let i = 0; i < many; i++) {
            node.ref.work(++node.sent, { what: chance.pick(WORK), ms: chance.int(0, 15) });
          }
        },
      },
      publish: ({ app: { book } }) => book.system.publish(NEWS, 0),
      failInits: ({ app: { book }, chance }) => {
        const node = book.find(chance.pick(ALL));
        if (node !== undefined) node.failNextInits = chance.int(1, 2);
      },
      finish: ({ app: { book }, chance }) => book.find(chance.pick(ALL))?.ref.finish(),
      kill: ({ app: { book }, chance }) => {
        const node = book.find(chance.pick(ALL));
        if (node !== undefined) void kill(node.ref);
      },
      stop: ({ app: { book }, chance }) => {
        const node = book.find(chance.pick(NAMES));
        if (node === undefined) return;
        node.ordered = true;
        return stop(node.ref, "by order");
      },
      restart: async ({ app: { book }, chance }) => {
        const node = book.find(chance.pick(ALL));
        if (node === undefined || status(node.ref) !== "running") return;
        const { length } = node.lives;
        node.due = node.byHand = true;
        if (node.parent?.episode != null) node.parent.episode.clean = false;
        await restart(node.ref);
        book.saw("restart by hand");
        book.expect(node.lives.length > length, () => `${node.plan.name} was not restarted`);
      },
      plant: { weight: 2, run: ({ app }) => app.plant() },
    },
  },
  faults: {
    crash: 0.02,
    kill: 0.02,
    slow: { chance: 0.01, ms: [1, 20] },
    stall: { chance: 0.02, ms: [1, 30] },
  },
  always: {
    nothingWrong: ({ app }) => {
      app.book.checkStep();
      return app.book.wrong;
    },
    leaks: noLeaks(),
  },
  eventually: {
    doomedEnd: ({ app }) =>
      app.book.doomed.every(({ node, exits, mayNotExit }) => node.ended || exits > 0 || mayNotExit),
    rested: ({ app }) => app.book.hasRested(200),
    allIsHandled: ({ app: { book }, sim }) =>
      book.nodes.every(({ ref }) => status(ref) !== "running" || sim.mailboxSize(ref) === 0),
    theEnd: ({ app }) => app.book.end(() => app.book.checkAtEnd()),
  },
  within: 20_000,
};
