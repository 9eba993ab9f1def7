import {
  createSystem,
  implement,
  kill,
  monitor,
  restart,
  status,
  stop,
  type ActorDef,
  type AnyRef,
  type Context,
  type Down,
  type DownReason,
  type LinkedExit,
  type Monitor,
  type Ref,
} from "troupe";
import { noLeaks, type Scenario, type Sim } from "troupe/sim";
import { Book, nothingWrong, pause } from "./book.ts";

/*
 * Monitors and links: a monitor tells once, when all is over, and behind the last words of whom it
 * was set on; a link ends the other side for the same reason, or is an event there.
 */

interface Talker {
  say(from: Peer, number: number): void;
  watch(target: Peer): void;
  unwatch(): void;
  link(target: Peer): void;
  unlink(target: Peer): void;
  die(how: "normally" | "shutdown" | "fails" | "failsLater", last: readonly Peer[]): void;
}

/** One incarnation, and why it ended. */
interface Life {
  readonly peer: Peer;
  readonly number: number;
  reason: DownReason | undefined;
}

/** Some actor, from its start to its end. */
class Peer {
  readonly name: string;
  readonly traps: boolean;
  ref!: Ref<Talker>;
  life: Life | undefined;
  /** Messages to others so far. */
  said = 0;
  ended: DownReason | undefined;
  /** Somebody has asked it to end, or it has itself. */
  mayStop = false;

  constructor(name: string, traps: boolean) {
    this.name = name;
    this.traps = traps;
  }
}

interface Watch {
  readonly target: Peer;
  /** The life that watches; undefined where it is no actor. */
  readonly by: Life | undefined;
  readonly wasDead: boolean;
  handle?: Monitor;
  cancelled: boolean;
  downs: number;
  /** Of what the target has sent the watcher since, how much was handled. */
  sent: number;
  heard: number;
  readonly since: number;
}

interface Link {
  readonly ends: readonly [Life, Life];
  /** How often each side was told, where it traps. */
  readonly told: [number, number];
}

/** A failure that says whose it was. */
class Died extends Error {
  readonly life: Life;
  constructor(life: Life) {
    super(`${life.peer.name} died`);
    this.life = life;
  }
}

class Fates extends Book {
  /** The present ones. */
  readonly peers: Peer[] = [];
  readonly #byRef = new Map<AnyRef, Peer>();
  readonly watches: Watch[] = [];
  links: Link[] = [];
  /** Whoever links to one that is gone fails, or is told so. */
  readonly #linkedToNobody: Life[] = [];
  /** Taken back when one side had ended. */
  readonly #late: Link[] = [];
  /** Of whom a link was asked for between two lives: it may be the next that is linked. */
  readonly #maybeLinked = new Set<Peer>();

  add(index: number, peer: Peer): void {
    this.peers[index] = peer;
    this.#byRef.set(peer.ref, peer);
  }

  begin(peer: Peer): Life {
    // Without an exit hook it was a kill.
    if (peer.life !== undefined) peer.life.reason ??= { kind: "killed" };
    return (peer.life = { peer, number: (peer.life?.number ?? 0) + 1, reason: undefined });
  }

  exit(peer: Peer, reason: DownReason): void {
    const { life } = peer;
    if (life === undefined) return;
    life.reason ??= reason;
    if (reason.kind === "normal") {
      this.expect(peer.mayStop, () => `${peer.name} ended normally, and nobody has asked for it`);
    }
    if (reason.kind !== "failed" || !(reason.error instanceof Died)) return;
    const origin = reason.error.life;
    if (origin === life) return;
    const linked = [...this.links, ...this.#late].some(
      ({ ends }) =>
        ends.includes(life) && ends.some((end) => end !== life && end.reason !== undefined),
    );
    this.saw("linked end");
    const mayBe = linked || this.#maybeLinked.has(peer);
    this.expect(mayBe, () => `${peer.name} died of ${origin.peer.name}, and had no link`);
  }

  /** Sends as an actor, whose name is known in development and outside of it. */
  say(from: Peer, to: Peer): void {
    from.said++;
    for (const watch of this.watches) {
      if (watch.target === from && watch.by?.peer === to && watch.by === to.life) watch.sent++;
    }
    to.ref.say(from, from.said);
  }

  hear(life: Life, from: Peer, number: number): void {
    for (const watch of this.watches) {
      if (watch.target !== from || watch.by !== life || number <= watch.since) continue;
      this.expect(watch.downs === 0, () => `${life.peer.name} hears ${from.name} after its down`);
      watch.heard++;
    }
  }

  watch(
    target: Peer,
    by: Life | undefined,
    start: (listener: (down: Down) => void) => Monitor,
  ): void {
    const wasDead = status(target.ref) === "stopped";
    const since = target.said;
    const counts = { cancelled: false, downs: 0, sent: 0, heard: 0, since };
    const watch: Watch = { target, by, wasDead, ...counts };
    this.watches.push(watch);
    watch.handle = start((down) => this.#down(watch, down));
  }

  #down(watch: Watch, { ref, reason }: Down): void {
    const { target, by, wasDead } = watch;
    const what = `a monitor of ${target.name}`;
    watch.downs++;
    this.saw(wasDead ? "noproc" : "down");
    this.expect(watch.downs === 1, () => `${what} fired ${watch.downs} times`);
    this.expect(ref === target.ref, () => `${what} told of another`);
    this.expect(!watch.cancelled, () => `${what} fired, and was cancelled`);
    this.expect(status(target.ref) === "stopped", () => `${what} fired, and it lives`);
    const expected = wasDead ? "noproc" : target.ended?.kind;
    this.expect(reason.kind === expected, () => `${what} said ${reason.kind}, not ${expected}`);
    if (by === undefined) return;
    this.expect(by.peer.life === by, () => `${what} fired for a life that is over`);
    const { heard, sent } = watch;
    this.expect(heard === sent, () => `${what} fired after ${heard} of ${sent} messages`);
  }

  link(a: Life, target: Peer): void {
    const b = target.life;
    if (status(target.ref) === "stopped") this.#linkedToNobody.push(a);
    const both = [a.peer, target].every(({ ref }) => status(ref) === "running");
    if (b === a) return;
    if (b === undefined || !both || b.reason !== undefined) {
      this.#maybeLinked.add(a.peer).add(target);
      return;
    }
    const isKnown = this.links.some(({ ends }) => ends.includes(a) && ends.includes(b));
    if (!isKnown) this.links.push({ ends: [a, b], told: [0, 0] });
  }

  unlink(a: Peer, b: Peer): void {
    if (a === b) return;
    const isTheirs = ({ ends }: Link): boolean =>
      ends.some(({ peer }) => peer === a) && ends.some(({ peer }) => peer === b);
    // Where one has ended, the other may have been told already.
    this.#late.push(...this.links.filter((link) => isTheirs(link) && link.ends.some(isOver)));
    this.links = this.links.filter((link) => !isTheirs(link));
  }

  told(life: Life, { ref, reason }: LinkedExit): void {
    this.saw("trapped");
    const from = this.#byRef.get(ref);
    if (reason.kind === "noproc") {
      const at = this.#linkedToNobody.indexOf(life);
      this.expect(at >= 0, () => `${life.peer.name} was told of a link to nobody`);
      this.#linkedToNobody.splice(at, 1);
      return;
    }
    const known = this.links.filter(
      ({ ends }) => ends.includes(life) && ends.some(({ peer }) => peer === from),
    );
    const link = known.find(({ ends, told }) => told[ends.indexOf(life)] === 0);
    if (link !== undefined) link.told[link.ends.indexOf(life)] = 1;
    const isOnce = link !== undefined || known.length === 0 || this.#maybeLinked.has(life.peer);
    this.expect(isOnce, () => `${life.peer.name} was told twice of ${from?.name}`);
  }

  /** When all is quiet, everybody has heard of everything. */
  checkQuiet(): void {
    for (const { target, by, cancelled, downs } of this.watches) {
      const canHear = by === undefined || (by.peer.life === by && isIdle(by.peer));
      if (cancelled || !canHear || target.ended === undefined) continue;
      this.expect(downs === 1, () => `nobody told a monitor of ${target.name}`);
    }
    for (const life of this.#linkedToNobody) {
      const isQuiet = isOver(life) || !isIdle(life.peer);
      this.expect(isQuiet, () => `${life.peer.name} survived a link to nobody`);
    }
    for (const { ends, told } of this.links) {
      for (const [at, one] of ends.entries()) {
        const other = ends[1 - at]!;
        if (!isOver(one) || isOver(other) || !isIdle(other.peer)) continue;
        const kind = one.reason?.kind ?? one.peer.ended?.kind;
        if (other.peer.traps) {
          this.expect(told[1 - at] === 1, () => `${other.peer.name} not told of ${one.peer.name}`);
        } else {
          const survives = kind === "normal";
          this.expect(survives, () => `${other.peer.name} survived ${one.peer.name} (${kind})`);
        }
      }
    }
  }
}

function isOver({ peer, reason, number }: Life): boolean {
  return reason !== undefined || peer.ended !== undefined || peer.life!.number > number;
}

function isIdle({ ref }: Peer): boolean {
  return status(ref) === "running";
}

interface Props {
  readonly book: Fates;
  readonly peer: Peer;
}

function talker(traps: boolean): ActorDef<Talker, Props> {
  const told = (ctx: Context<Life, Props, Talker>, exit: LinkedExit): void =>
    ctx.props.book.told(ctx.state, exit);
  return implement<Talker>()({
    name: traps ? "trapper" : "talker",
    init: (_ctx, { book, peer }: Props) => book.begin(peer),
    exit({ props: { book, peer } }, reason) {
      book.exit(peer, reason);
      // Its last words come before its down, too.
      for (const other of book.peers) if (other !== peer) book.say(peer, other);
    },
    ...(traps ? { onExit: told } : {}),
    cast: {
      say: (ctx, from, number) => ctx.props.book.hear(ctx.state, from, number),
      watch: (ctx, target) =>
        ctx.props.book.watch(target, ctx.state, (heard) => ctx.monitor(target.ref, heard)),
      async unwatch(ctx) {
        // Meanwhile the down may have come, and waits for this handler.
        await pause(4);
        const first = ctx.props.book.watches.find(
          ({ by, cancelled }) => by === ctx.state && !cancelled,
        );
        if (first === undefined) return;
        first.cancelled = true;
        first.handle?.cancel();
      },
      link(ctx, target) {
        ctx.props.book.link(ctx.state, target);
        ctx.link(target.ref);
      },
      unlink(ctx, target) {
        ctx.props.book.unlink(ctx.props.peer, target);
        ctx.unlink(target.ref);
      },
      die(ctx, how, last) {
        const { book, peer } = ctx.props;
        const say = (): void => {
          for (const other of last) book.say(peer, other);
        };
        if (how === "failsLater") {
          return pause(3).then(() => {
            if (!ctx.signal.aborted) say();
            throw new Died(ctx.state);
          });
        }
        say();
        peer.mayStop ||= how === "normally";
        if (how === "normally") return ctx.stop();
        if (how === "shutdown") return ctx.stop("enough");
        throw new Died(ctx.state);
      },
    },
  });
}

interface App {
  readonly book: Fates;
  /** Makes those anew that have ended. */
  readonly open: () => void;
}

const NAMES = ["p", "q", "r", "s", "t"];
const RESTARTS = ["permanent", "temporary", "transient"] as const;

function boot(sim: Sim): App {
  const system = createSystem({ development: sim.seed % 4 < 2 });
  const book = new Fates("links", sim, system);
  const defs = [talker(false), talker(true)] as const;
  system.on((event) => {
    if (event.type !== "ended") return;
    const peer = book.peers.find(({ name, ended }) => name === event.actor && ended === undefined);
    if (peer !== undefined) peer.ended = event.reason;
  }, "ended");
  const spawn = (name: string, index: number): Peer => {
    const traps = (index + sim.seed) % 3 === 0;
    const peer = new Peer(name, traps);
    const options = { name, restart: RESTARTS[(index + (sim.seed >> 2)) % 3]! };
    peer.ref = system.spawn(defs[traps ? 1 : 0], { book, peer }, options);
    return peer;
  };
  const open = (): void => {
    for (const [index, name] of NAMES.entries()) {
      const old = book.peers[index];
      if (old === undefined || status(old.ref) === "stopped") book.add(index, spawn(name, index));
    }
  };
  open();
  return { book, open };
}

export const links: Scenario<App> = {
  name: "links",
  boot,
  workload: {
    clients: 3,
    steps: 12,
    pauseMs: [0, 6],
    commands: {
      watch: {
        weight: 4,
        run: ({ app: { book }, chance }) =>
          chance.pick(book.peers).ref.watch(chance.pick(book.peers)),
      },
      watchOutside: {
        weight: 2,
        run: ({ app: { book }, chance }) => {
          const target = chance.pick(book.peers);
          book.watch(target, undefined, (heard) => monitor(target.ref, heard));
        },
      },
      cancelOutside: ({ app: { book } }) => {
        const watch = book.watches.find(({ by, cancelled }) => by === undefined && !cancelled);
        if (watch === undefined) return;
        watch.cancelled = true;
        watch.handle?.cancel();
      },
      unwatch: ({ app: { book }, chance }) => chance.pick(book.peers).ref.unwatch(),
      link: {
        weight: 4,
        run: ({ app: { book }, chance }) =>
          chance.pick(book.peers).ref.link(chance.pick(book.peers)),
      },
      unlink: ({ app: { book }, chance }) =>
        chance.pick(book.peers).ref.unlink(chance.pick(book.peers)),
      die: {
        weight: 4,
        run: ({ app: { book }, chance }) => {
          const how = chance.pick(["normally", "shutdown", "fails", "failsLater"] as const);
          const last = Array.from({ length: chance.int(0, 3) }, () => chance.pick(book.peers));
          chance.pick(book.peers).ref.die(how, last);
        },
      },
      kill: ({ app: { book }, chance }) => kill(chance.pick(book.peers).ref),
      stop: ({ app: { book }, chance }) => {
        const peer = chance.pick(book.peers);
        peer.mayStop = true;
        return stop(peer.ref);
      },
      restart: ({ app: { book }, chance }) => restart(chance.pick(book.peers).ref),
      open: { weight: 3, run: ({ app }) => app.open() },
    },
  },
  faults: {
    crash: 0.01,
    kill: 0.01,
    slow: { chance: 0.02, ms: [1, 10] },
    stall: { chance: 0.02, ms: [1, 10] },
  },
  always: { nothingWrong, leaks: noLeaks() },
  eventually: {
    quiet: ({ app }) => app.book.hasRested(100),
    allAreTold: ({ app: { book } }) => {
      book.checkQuiet();
      return book.wrong;
    },
    theEnd: ({ app }) => app.book.end(() => {}),
  },
  within: 2_000,
};
