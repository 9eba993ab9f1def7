import {
  ActorStoppedError,
  createSystem,
  group,
  implement,
  kill,
  KilledError,
  monitor,
  restart,
  started,
  StartError,
  status,
  stop,
  topic,
  type ActorDef,
  type Context,
  type GroupChange,
  type Group,
  type Ref,
  type ChildEvent,
} from "troupe";
import { noLeaks, type Chance, type Scenario, type Sim } from "troupe/sim";
import { Book, nothingWrong, pause } from "./book.ts";

/*
 * Names, groups and topics: a name has one bearer, and is free for whoever hears of its end; a group
 * has exactly the living that joined; subscribers hear all, in order, as long as they live.
 */

interface Citizen {
  join(times: number): void;
  leave(): void;
  subscribe(): void;
  unsubscribe(): void;
  die(how: "fails" | "stops" | "slow"): void;
}

/** Some actor with a name, from its start to its end. */
class Bearer {
  readonly name: string;
  readonly ref: Ref<Citizen>;
  life = 0;
  member = false;
  times = 0;
  /** It could not have its name. */
  refused = false;
  constructor(name: string, ref: Ref<Citizen>) {
    this.name = name;
    this.ref = ref;
  }
}

/** From the subscription to its end. */
interface Listening {
  readonly bearer: Bearer;
  readonly life: number;
  next: number;
  over: boolean;
  handle?: Disposable;
}

const NAMES = ["ann", "ben", "cid"];
const NEWS = topic<number>("news");

class Register extends Book {
  readonly crowd: Group<Citizen>;
  readonly citizen: ActorDef<Citizen, Props>;
  readonly bearers: Bearer[] = [];
  readonly listenings: Listening[] = [];
  /** As somebody sees the group who has been told of each change. */
  readonly seen = new Set<unknown>();
  published = 0;

  constructor(sim: Sim) {
    const system = createSystem({ development: sim.seed % 4 < 2 });
    super("names", sim, system);
    this.citizen = citizen();
    this.crowd = group(this.citizen, "crowd");
    system.on((event) => {
      const found = event.type === "ended" ? system.whereIs(this.citizen, event.actor) : undefined;
      const isFree = found === undefined || isUp(found);
      this.expect(isFree, () => `an end is told, and the name leads to one that has ended`);
    }, "ended");
  }

  bearerOf(name: string): Bearer | undefined {
    return this.bearers.find((bearer) => bearer.name === name && isAlive(bearer));
  }

  /** Somebody gives a name: it works where nobody lives who has it. */
  give(name: string, spawn: () => Ref<Citizen>): Bearer {
    const taken = this.bearerOf(name);
    const bearer = new Bearer(name, spawn());
    this.bearers.push(bearer);
    bearer.refused = taken !== undefined;
    this.saw(bearer.refused ? "refused" : "given");
    const is = status(bearer.ref) === "stopped" ? "refused" : "given";
    this.expect(is === (bearer.refused ? "refused" : "given"), () => `${name} was ${is}`);
    started(bearer.ref).catch((error: unknown) => {
      const why = error instanceof StartError ? error.why : String(error);
      const mayBe = (why === "name-taken") === bearer.refused;
      this.expect(mayBe, () => `${name} did not start: ${why}`);
    });
    return bearer;
  }

  /** Whoever hears of an end can use the name at once. */
  heardOfEnd({ name, ref }: Bearer): void {
    this.saw("heard of an end");
    const present = this.system.whereIs(this.citizen, name);
    this.expect(present !== ref, () => `${name} has ended, and still has its name`);
  }

  heardOfChange(change: GroupChange): void {
    this.saw(change.kind);
    const isNew = !this.seen.has(change.ref);
    this.expect(isNew === (change.kind === "joined"), () => `told twice that one ${change.kind}`);
    if (change.kind === "joined") this.seen.add(change.ref);
    else this.seen.delete(change.ref);
  }

  publish(): void {
    const number = ++this.published;
    const reached = this.system.publish(NEWS, number);
    const most = this.listenings.filter(({ over }) => !over).length;
    this.expect(reached <= most, () => `${reached} were reached, of ${most}`);
  }

  heard(listening: Listening, number: number): void {
    const { bearer, life, next, over } = listening;
    this.saw("event");
    const isPresent = bearer.life === life && !over;
    this.expect(isPresent, () => `${bearer.name} hears ${number} in a life that is over`);
    this.expect(number === next, () => `${bearer.name} hears ${number}, and the next is ${next}`);
    listening.next++;
  }

  checkStep(): string | undefined {
    for (const name of NAMES) {
      const bearer = this.bearerOf(name);
      const found = this.system.whereIs(this.citizen, name);
      this.expect(
        found === bearer?.ref,
        () => `${name} leads to ${found === undefined ? "nobody" : status(found)}`,
      );
    }
    const members = this.system.group(this.crowd).members();
    const expected = this.bearers.filter((bearer) => bearer.member && isAlive(bearer));
    const isWhole =
      members.length === expected.length && expected.every(({ ref }) => members.includes(ref));
    this.expect(isWhole, () => `${members.length} are in the group, of ${expected.length}`);
    return this.wrong;
  }

  checkRested(isWatched: boolean): void {
    const members = this.system.group(this.crowd).members();
    const isSeen = members.length === this.seen.size && members.every((ref) => this.seen.has(ref));
    this.expect(
      isSeen || !isWatched,
      () => `a watcher sees ${this.seen.size} members, of ${members.length}`,
    );
    for (const { bearer, life, next, over } of this.listenings) {
      if (over || bearer.life !== life || !isAlive(bearer)) continue;
      const all = next === this.published + 1;
      this.expect(all, () => `${bearer.name} waits for ${next}, of ${this.published}`);
    }
  }
}

function isUp(ref: Ref<Citizen>): boolean {
  return !["stopping", "stopped"].includes(status(ref));
}

function isAlive({ ref, refused }: Bearer): boolean {
  return !refused && isUp(ref);
}

interface Props {
  readonly book: Register;
  readonly me: () => Bearer | undefined;
}
type Ctx = Context<number, Props, Citizen>;

function citizen(): ActorDef<Citizen, Props> {
  return implement<Citizen>()({
    name: "citizen",
    init({ props: { book } }, { me }: Props) {
      const bearer = me()!;
      bearer.life++;
      // It stays a member, and counts anew.
      bearer.times = 0;
      for (const each of book.listenings) if (each.bearer === bearer) each.over = true;
      return bearer.life;
    },
    async exit(ctx) {
      const { book, me } = ctx.props;
      await pause(2);
      if (ctx.signal.aborted || ctx.random() < 0.7) return;
      try {
        // Only who comes back may: else nobody would take it out again.
        ctx.join(book.crowd);
        me()!.member = true;
      } catch (error) {
        book.saw("came too late to join");
        const isGone = error instanceof ActorStoppedError || error instanceof KilledError;
        book.expect(isGone, () => `joining failed: ${String(error)}`);
      }
    },
    cast: {
      join(ctx, times) {
        const { book, me } = ctx.props;
        const bearer = me()!;
        for (let i = 0; i < times; i++) ctx.join(book.crowd);
        bearer.member = true;
        bearer.times += times;
      },
      leave(ctx) {
        const { book, me } = ctx.props;
        const bearer = me()!;
        ctx.leave(book.crowd);
        bearer.times--;
        if (bearer.times <= 0) {
          bearer.member = false;
          bearer.times = 0;
        }
      },
      subscribe: (ctx) => listen(ctx),
      unsubscribe({ props: { book, me } }) {
        const own = book.listenings.find(({ bearer, over }) => bearer === me() && !over);
        if (own === undefined) return;
        own.over = true;
        own.handle?.[Symbol.dispose]();
      },
      die(ctx, how) {
        if (how === "stops") return ctx.stop();
        if (how === "slow") return pause(5);
        throw new Error("told to fail");
      },
    },
  });
}

function listen(ctx: Ctx): void {
  const { book, me } = ctx.props;
  const listening: Listening = {
    bearer: me()!,
    life: ctx.state,
    next: book.published + 1,
    over: false,
  };
  book.listenings.push(listening);
  listening.handle = ctx.subscribe(NEWS, (number) => book.heard(listening, number));
}

// --- who gives names ------------------------------------------------------------------------------

interface Office {
  bear(name: string): void;
  watch(bearer: Bearer): void;
}

/** Gives names to children of its own, and gives them anew as soon as it hears of an end. */
function office(book: Register): ActorDef<Office> {
  const own = new Map<unknown, Bearer>();
  return implement<Office>()({
    name: "office",
    supervision: { intensity: { max: 1_000, within: 1_000 } },
    init(ctx) {
      book.seen.clear();
      const members = ctx.watchGroup(book.crowd, (change) => book.heardOfChange(change));
      for (const ref of members) book.seen.add(ref);
    },
    onChild(ctx, event: ChildEvent) {
      const bearer = own.get(event.ref);
      if (event.kind !== "ended" || bearer === undefined || bearer.refused) return;
      book.heardOfEnd(bearer);
      give(ctx, bearer.name);
    },
    cast: {
      bear: (ctx, name) => give(ctx, name),
      watch: (ctx, bearer) =>
        void ctx.monitor(bearer.ref, () => bearer.refused || book.heardOfEnd(bearer)),
    },
  });
  function give(ctx: Context<void, void, Office>, name: string): void {
    let bearer: Bearer | undefined;
    bearer = book.give(name, () => ctx.spawn(book.citizen, { book, me: () => bearer }, { name }));
    own.set(bearer.ref, bearer);
  }
}

interface App {
  readonly book: Register;
  readonly office: Ref<Office>;
}

function boot(sim: Sim): App {
  const book = new Register(sim);
  const registry = book.system.spawn(office(book), undefined, { restart: "permanent" });
  return { book, office: registry };
}

function anyone({ book }: App, chance: Chance): Ref<Citizen> | undefined {
  const alive = book.bearers.filter(isAlive);
  return alive.length === 0 ? undefined : chance.pick(alive).ref;
}

function bear({ book }: App, chance: Chance): void {
  const name = chance.pick(NAMES);
  const options = { name, restart: chance.pick(["permanent", "temporary"] as const) };
  let bearer: Bearer | undefined;
  bearer = book.give(name, () =>
    book.system.spawn(book.citizen, { book, me: () => bearer }, options),
  );
  const { ref } = bearer;
  if (status(ref) === "stopped") return;
  monitor(ref, () => {
    book.heardOfEnd(bearer);
    // At once: in the listener itself.
    if (book.now % 2 === 0 && !book.isEnding) bear({ book } as App, chance);
  });
}

export const names: Scenario<App> = {
  name: "names",
  boot,
  workload: {
    clients: 3,
    steps: 14,
    pauseMs: [0, 6],
    commands: {
      bear: { weight: 3, run: ({ app, chance }) => bear(app, chance) },
      bearBelow: { weight: 3, run: ({ app, chance }) => app.office.bear(chance.pick(NAMES)) },
      watch: ({ app, chance }) => {
        if (app.book.bearers.length > 0) app.office.watch(chance.pick(app.book.bearers));
      },
      join: { weight: 3, run: ({ app, chance }) => anyone(app, chance)?.join(chance.int(1, 2)) },
      leave: { weight: 2, run: ({ app, chance }) => anyone(app, chance)?.leave() },
      subscribe: { weight: 2, run: ({ app, chance }) => anyone(app, chance)?.subscribe() },
      unsubscribe: ({ app, chance }) => anyone(app, chance)?.unsubscribe(),
      publish: { weight: 4, run: ({ app }) => app.book.publish() },
      die: {
        weight: 4,
        run: ({ app, chance }) => anyone(app, chance)?.die(chance.pick(["fails", "stops", "slow"])),
      },
      kill: ({ app, chance }) => {
        const ref = anyone(app, chance);
        return ref === undefined ? undefined : kill(ref);
      },
      stop: ({ app, chance }) => {
        const ref = anyone(app, chance);
        return ref === undefined ? undefined : stop(ref);
      },
      restart: ({ app, chance }) => {
        const ref = anyone(app, chance);
        return ref === undefined ? undefined : restart(ref);
      },
    },
  },
  faults: {
    crash: 0.02,
    kill: 0.02,
    slow: { chance: 0.02, ms: [1, 10] },
    stall: { chance: 0.02, ms: [1, 10] },
    process: { crash: 0.001, downMs: [0, 50] },
  },
  always: { nothingWrong, step: ({ app }) => app.book.checkStep(), leaks: noLeaks() },
  eventually: {
    rested: ({ app }) => app.book.hasRested(100),
    allIsSeen: ({ app: { book, office: watcher } }) => {
      book.checkRested(status(watcher) === "running");
      return book.wrong;
    },
    theEnd: ({ app }) => app.book.end(() => {}),
  },
  within: 2_000,
};
