import {
  KilledError,
  status,
  type AnyRef,
  type Backoff,
  type Ref,
  type Restart,
  type Shutdown,
  type Strategy,
  type SystemEvent,
} from "troupe";
import { Book } from "./book.ts";

/** How a node and those below it are made; the same in every life of its parent. */
export interface Plan {
  readonly name: string;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly backoff: Backoff;
  readonly significant: boolean;
  readonly strategy: Strategy;
  readonly intensity: { readonly max: number; readonly within: number };
  readonly initMs: number;
  readonly exitMs: number;
  readonly exitThrows: boolean;
  readonly maxRestarts: number;
  /** Its failures are its parent's. */
  readonly escalates: boolean;
  readonly children: readonly Plan[];
}

/** What can be asked of a node. */
export interface Work {
  readonly what:
    | "note"
    | "slow"
    | "fails"
    | "failsLater"
    | "tick"
    | "every"
    | "task"
    | "sleep"
    | "hear";
  readonly ms: number;
}

export interface Worker {
  work(number: number, work: Work): void;
  finish(): void;
}

/** One incarnation, as its own code saw it. */
export class Life {
  readonly node: Node;
  readonly number: number;
  /** In start order. */
  readonly children: Node[] = [];
  /** Exit hooks that began, and ended. */
  exits = 0;
  exitDone = false;
  /** It is known to have been killed. */
  killed = false;
  /** It took longer to end than its parent gave it. */
  overdue = false;
  /** Its end was one to come back from. */
  isRestarted = false;
  /** Times of restarts of its children. */
  readonly restarts: number[] = [];
  episode: Episode | null = null;

  readonly #use: () => void;

  constructor(node: Node, number: number, use: () => void) {
    this.node = node;
    this.number = number;
    this.#use = use;
  }

  /** Nobody tells of a kill on the way down, but the context of that life is revoked. */
  get isFenced(): boolean {
    try {
      this.#use();
      return false;
    } catch (error) {
      return error instanceof KilledError;
    }
  }

  /** Its exit hook need not have run. */
  get mayNotExit(): boolean {
    return this.killed || this.overdue || this.node.plan.shutdown === "kill" || this.isFenced;
  }
}

/** One actor of the tree, over its restarts. */
export class Node {
  readonly plan: Plan;
  readonly ref: Ref<Worker>;
  readonly parent: Life | null;
  readonly lives: Life[] = [];
  /** Somebody or something has asked for its next life. */
  due = false;
  byHand = false;
  ordered = false;
  gaveUp = false;
  ended = false;
  notBefore = 0;
  failNextInits = 0;
  /** Of its own, in all its lives. */
  restarts = 0;
  sent = 0;
  seen = 0;

  constructor(plan: Plan, ref: Ref<Worker>, parent: Life | null) {
    this.plan = plan;
    this.ref = ref;
    this.parent = parent;
  }

  get life(): Life | undefined {
    return this.lives.at(-1);
  }
}

/** What follows from one restart, until all are up again; only where nothing else came in between. */
export interface Episode {
  readonly failed: Node;
  readonly affected: readonly Node[];
  readonly log: { readonly step: "down" | "up" | "started"; readonly node: Node }[];
  clean: boolean;
}

/** Whom the failure of a child concerns, in the words of the guide: in start order. */
function concerned(strategy: Strategy, children: readonly Node[], failed: Node): Node[] {
  const alive = children.filter(({ ref }) => !["stopped", "stopping"].includes(status(ref)));
  if (strategy === "oneForAll") return alive;
  if (strategy === "restForOne") return alive.slice(alive.indexOf(failed));
  return [failed];
}

/** What is seen of a tree, and what must hold of it. */
export class TreeBook extends Book {
  readonly nodes: Node[] = [];
  readonly #byName = new Map<string, Node>();
  /** Lives that are to end because a significant child has, or one that escalates. */
  readonly doomed: Life[] = [];
  #lost: Node[] = [];

  nodeOf(ref: AnyRef, plan: Plan, parent: Life | null): Node {
    const known = this.#byName.get(plan.name);
    if (known?.ref === ref) return known;
    this.expect(known === undefined || known.ended, () => `two actors are called ${plan.name}`);
    const node = new Node(plan, ref as Ref<Worker>, parent);
    this.nodes.push(node);
    this.#byName.set(plan.name, node);
    parent?.children.push(node);
    return node;
  }

  find(name: string): Node | undefined {
    return this.#byName.get(name);
  }

  // --- what nodes tell of themselves --------------------------------------------------------------

  begin(node: Node, use: () => void): Life {
    const { plan, life: former, parent } = node;
    const { name } = plan;
    const life = new Life(node, (former?.number ?? 0) + 1, use);
    node.lives.push(life);
    if (former !== undefined) {
      this.saw("came back");
      this.expect(
        former.exits === 1 || former.mayNotExit,
        () => `${name} begins, and its last life is not over`,
      );
      this.expect(node.due, () => `${name} begins anew, and nobody has asked for it`);
      const mayBe = plan.restart !== "temporary" || node.byHand;
      this.expect(mayBe, () => `${name} is temporary, and came back`);
      const isAlone = parent === null || parent.node.plan.strategy === "oneForOne";
      const early = isAlone && !node.byHand && this.now < node.notBefore;
      this.expect(!early, () => `${name} is back at ${this.now}, before ${node.notBefore} ms`);
      for (const child of former.children) {
        this.expect(child.ended, () => `${child.plan.name} outlived a life of ${name}`);
      }
    }
    node.byHand = false;
    // One that is begun on its way down begins once more when all are down.
    node.due = parent?.episode?.affected.includes(node) ?? false;
    parent?.episode?.log.push({ step: "up", node });
    return life;
  }

  beginExit(node: Node, reason: { readonly kind: string; readonly detail?: unknown }): Life {
    const { life, parent, plan } = node;
    const { name } = plan;
    life!.exits++;
    this.saw("exit");
    this.expect(life!.exits === 1, () => `${name} runs its exit hook twice`);
    this.expect(!life!.killed, () => `${name} was killed, and runs its exit hook`);
    const isOver = reason.kind === "normal" && plan.restart === "transient";
    this.expect(!isOver || !life!.isRestarted, () => `${name} is done, and is to come back`);
    for (const child of life!.children) {
      this.expect(child.ended, () => `${name} exits before its child ${child.plan.name}`);
    }
    const byParent = reason.kind === "shutdown" && reason.detail === undefined;
    if (byParent) this.#youngerAreDown(node);
    const episode = parent?.episode;
    if (episode == null) return life!;
    episode.log.push({ step: "down", node });
    // It goes for a reason of its own.
    const mayEndItself = plan.children.some(({ significant }) => significant);
    if (node !== episode.failed && (!byParent || mayEndItself)) episode.clean = false;
    return life!;
  }

  /** Who is taken down by its parent is taken down after those that were started after it. */
  #youngerAreDown({ parent, plan, ref }: Node): void {
    // Where one failure came on top of another, some may be up again while others still go down.
    if (parent?.episode?.clean === false) return;
    if (parent === null || parent.node.plan.strategy === "dynamic" || plan.children.length > 0)
      return;
    const younger = parent.children.slice(
      parent.children.findIndex((node) => node.ref === ref) + 1,
    );
    for (const node of younger) {
      const { life, ended } = node;
      // Spawned since the failure: it is nothing to that one.
      if (parent.episode?.affected.includes(node) === false) continue;
      const isDown = ended || life === undefined || life.exitDone;
      const mayBe = isDown || node.ordered || life.mayNotExit;
      this.expect(mayBe, () => `${plan.name} goes down before ${node.plan.name}, which is younger`);
    }
  }

  endExit(life: Life, use: () => void): void {
    if (life.node.life === life) life.exitDone = true;
    else this.expectFenced(life, use);
  }

  /** Code of a life that has ended runs on, and can do nothing. */
  expectFenced(life: Life, use: () => void): void {
    try {
      use();
      this.expect(
        false,
        () => `${life.node.plan.name} acts in its life ${life.number}, which is over`,
      );
    } catch (error) {
      this.saw("fenced");
      this.expect(error instanceof KilledError, () => `a fenced life got ${String(error)}`);
    }
  }

  /** A tick, an outcome, an event, a message: only ever for the present life. */
  acts(life: Life, what: string): void {
    const { node, killed, exits, number } = life;
    this.saw(what);
    const isPresent = node.life === life && !killed && exits === 0;
    this.expect(isPresent, () => `${node.plan.name}: ${what} in life ${number}, which is over`);
  }

  // --- what the system tells ------------------------------------------------------------------

  hear(event: SystemEvent): void {
    if (!("actor" in event)) return;
    const node = this.#byName.get(event.actor);
    if (node === undefined || node.ended) return;
    const episode = node.parent?.episode;
    switch (event.type) {
      case "failed":
        // A child's that was killed and escalates is another's.
        if (event.error instanceof KilledError && event.phase !== "children") {
          if (node.life !== undefined) node.life.killed = true;
        }
        if (episode != null) episode.clean = false;
        if (event.decision === "escalate") this.#escalated(node);
        break;
      case "overdue":
        this.saw("overdue");
        if (node.life !== undefined) node.life.overdue = true;
        break;
      case "restarting":
        this.#restarts(node, event.delayMs, event.restarts);
        break;
      case "started":
        episode?.log.push({ step: "started", node });
        break;
      case "gaveUp":
        this.#gaveUp(node);
        break;
      case "ended":
        this.#ended(node, event.reason.kind);
        break;
      default:
    }
  }

  /** It ends, and so does its parent. */
  #escalated(node: Node): void {
    this.saw("escalated");
    node.ordered = true;
    if (node.parent !== null) this.doomed.push(node.parent);
  }

  #restarts(node: Node, delayMs: number, restarts: number): void {
    const { parent, plan } = node;
    const { name, maxRestarts } = plan;
    this.expect(restarts <= maxRestarts, () => `${name} has come back ${restarts} times`);
    node.restarts = restarts;
    if (node.life !== undefined) node.life.isRestarted = true;
    node.due = true;
    node.notBefore = this.now + delayMs;
    if (parent === null) return;
    const { strategy, intensity } = parent.node.plan;
    parent.restarts.push(this.now);
    const recent = parent.restarts.filter((time) => this.now - time <= intensity.within);
    this.expect(
      recent.length <= intensity.max,
      () => `${plan.name} is restarted, number ${recent.length} of ${intensity.max}`,
    );
    const affected = concerned(strategy, parent.children, node);
    for (const each of affected) each.due = true;
    // Others may be on their way for another reason.
    const isQuiet = (each: Node): boolean => each.ended || each === node || isUp(each);
    const clean = parent.episode === null && isUp(parent.node) && parent.children.every(isQuiet);
    parent.episode = { failed: node, affected, log: [], clean };
  }

  /** Told of the parent: one more restart would have been too many. */
  #gaveUp({ life, plan: { name, intensity }, ...node }: Node): void {
    if (life === undefined) return;
    this.saw("gave up");
    const recent = life.restarts.filter((time) => this.now - time <= intensity.within);
    this.expect(
      recent.length === intensity.max,
      () => `${name} gave up after ${recent.length} restarts of ${intensity.max}`,
    );
    this.expect(!node.ended, () => `${name} gave up, and had ended`);
    for (const child of life.children) child.gaveUp = true;
    life.episode = null;
  }

  #ended(node: Node, reason: string): void {
    const { plan, parent, life } = node;
    node.ended = true;
    const { name } = plan;
    if (parent?.episode != null && plan.restart !== "temporary") parent.episode.clean = false;
    if (life === undefined) return;
    this.expect(life.exits === 1 || life.mayNotExit, () => `${name} ended without its exit hook`);
    const goesOn = parent === null || status(parent.node.ref) === "running";
    const byItself = goesOn && !node.ordered && !node.gaveUp && parent !== null;
    const mayComeBack = node.restarts < plan.maxRestarts;
    const wasToComeBack =
      plan.restart === "permanent" ||
      // Who is killed on its way to a normal end had nothing left to do.
      (plan.restart === "transient" && (reason === "failed" || life.killed));
    // Its parent may say in the same step that it has given up.
    if (byItself && wasToComeBack && mayComeBack) this.#lost.push(node);
    if (byItself && plan.significant && parent.episode === null) this.doomed.push(parent);
  }

  // --- after every step ----------------------------------------------------------------------------

  /** Where all children are up again, what led there is looked at. */
  checkStep(): void {
    for (const { gaveUp, plan } of this.#lost) {
      this.expect(gaveUp, () => `${plan.name} ended and did not come back`);
    }
    this.#lost = [];
    for (const { life, ended } of this.nodes) {
      const episode = life?.episode;
      if (episode == null || ended) continue;
      const isBusy = ({ ref, ended: gone }: Node): boolean => !gone && status(ref) !== "running";
      if (status(life!.node.ref) !== "running" || life!.children.some(isBusy)) continue;
      life!.episode = null;
      if (episode.clean) this.#checkEpisode(life!.node.plan, episode);
    }
  }

  #checkEpisode({ name, strategy }: Plan, { failed, affected, log }: Episode): void {
    this.saw(`clean ${strategy}`);
    const steps = (wanted: string): Node[] =>
      log.filter(({ step }) => step === wanted).map(({ node }) => node);
    const [ups, downs] = [steps("up"), steps("down")];
    const back = affected.filter(({ plan }) => plan.restart !== "temporary");
    const what = `${name} (${strategy}, ${failed.plan.name} failed)`;
    this.expect(
      show(ups) === show(back),
      () => `${what} brought up ${show(ups)}, not ${show(back)}`,
    );
    const expected = [failed, ...affected.filter((node) => node !== failed).toReversed()];
    const went = expected.filter((node) => downs.includes(node) || !mayGoUnseen(node));
    this.expect(
      show(downs) === show(went),
      () => `${what} took down ${show(downs)}, not ${show(went)}`,
    );
    const order = log.filter(({ step }) => step !== "down").map(({ step }) => step);
    const isInTurn = order.every((step, i) => step === (i % 2 === 0 ? "up" : "started"));
    const downFirst = log.findLastIndex(({ step }) => step === "down");
    const upFirst = log.findIndex(({ step }) => step === "up");
    this.expect(isInTurn, () => `${what} did not wait for one after the other`);
    this.expect(upFirst > downFirst, () => `${what} brought one up before all were down`);
  }

  checkAtEnd(): void {
    for (const life of this.nodes.flatMap(({ lives }) => lives)) {
      const { exits, mayNotExit, number, node } = life;
      const what = `life ${number} of ${node.plan.name}`;
      this.expect(exits === 1 || mayNotExit, () => `${what} never exited`);
    }
  }
}

function show(nodes: readonly Node[]): string {
  return nodes.map(({ plan }) => plan.name).join(" ");
}

/** It runs, and nobody has asked it to begin anew. */
function isUp({ ref, byHand }: Node): boolean {
  return status(ref) === "running" && !byHand;
}

/** No exit hook tells that it went down. */
function mayGoUnseen({ lives }: Node): boolean {
  return lives.some(({ mayNotExit }) => mayNotExit);
}
