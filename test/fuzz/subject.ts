import {
  group,
  implement,
  kill,
  stop,
  topic,
  type ActorDef,
  type Context,
  type FailureDecision,
  type Ref,
  type SpawnOptions,
} from "troupe";
import type { Actor, Book, Life, Message, Subject } from "./book.ts";
import { Life as NewLife } from "./book.ts";
import { answer } from "./answers.ts";
import { oneAtATime, type Ctx, type Props, type State } from "./context.ts";
import type { Plan, Work } from "./plan.ts";

export const NEWS = topic<number>("news");
const definitions = new Map<string, ActorDef<Subject, Props>>();
export const CROWD = group(definitionFor("oneForOne", false, false), "crowd");

/** The kinds of actors differ by what only a definition can say. */
function definitionFor(
  strategy: Plan["strategy"],
  trapExit: boolean,
  withExit: boolean,
): ActorDef<Subject, Props> {
  const key = `${strategy}/${trapExit}/${withExit}`;
  const known = definitions.get(key);
  if (known !== undefined) return known;
  const made: ActorDef<Subject, Props> = implement<Subject>()({
    name: "subject",
    supervision: { strategy },
    init: (_ctx, props: Props) => beginLife(props),
    cast: {
      work: (ctx, message, work) =>
        handled(ctx, message, work.do === "stash", () => doWork(ctx, work)),
    },
    call: {
      ask: (ctx, message, ask) =>
        handled(ctx, message, ask.do === "stash", () => answer(ctx, message, ask)),
    },
    ...(withExit ? { exit: endLife } : {}),
    ...(trapExit ? { onExit: () => {} } : {}),
    onChild: () => {},
  });
  definitions.set(key, made);
  return made;
}

/** Spawns by a plan: at the top, or as a child. */
export function spawnBy(
  book: Book,
  plan: Plan,
  by: { spawn(def: ActorDef<Subject, Props>, props: Props, options: SpawnOptions): Ref<Subject> },
  parentLife: Life | null,
): Actor {
  const actor = book.add(plan, parentLife);
  const def = definitionFor(plan.strategy, plan.trapExit, plan.exit !== "none");
  const { restart, shutdown, backoff, name, capacity, whenFull, onFailure } = plan;
  actor.ref = by.spawn(
    def,
    { book, actor },
    {
      restart,
      shutdown,
      backoff,
      initTimeout: 1_000,
      mailbox: { capacity, whenFull },
      ...(name === null ? {} : { name }),
      ...(onFailure === null ? {} : { onFailure: () => decide(onFailure) }),
    },
  );
  actor.ended = actor.cell.reason;
  return actor;
}

function decide(by: NonNullable<Plan["onFailure"]>): FailureDecision {
  if (by === "throws") throw new Error("onFailure failed");
  return by;
}

// --- the hooks ---------------------------------------------------------------------------------

function beginLife({ book, actor }: Props): State | Promise<State> {
  const former = actor.life;
  for (const child of book.actors) {
    book.expect(
      child.parentLife === null || child.parentLife !== former || child.cell.status === "stopped",
      () => `${child.label} outlived a life of its parent, ${actor.label}`,
    );
  }
  const life = new NewLife(actor, actor.lives.length);
  actor.lives.push(life);
  if (actor.failNextInits > 0) {
    actor.failNextInits--;
    throw new Error("told to fail in init");
  }
  const { init } = actor.plan;
  const first = life.number === 0;
  if (init === "later") return book.sleep(10).then(() => ({ life }));
  if (init === "never" && first) return new Promise<State>(() => {});
  if (init === "throws" && first) throw new Error("init failed");
  if (init === "rejects" && first) return Promise.reject(new Error("init rejected"));
  return { life };
}

function endLife(ctx: Context<State | undefined, Props, Subject>): void | Promise<void> {
  const { book, actor } = ctx.props;
  const life = ctx.state?.life;
  if (life !== undefined) {
    life.exits++;
    book.expect(life.exits === 1, () => `${actor.label} exited twice`);
    book.expect(life.running === 0, () => `${actor.label} exited while a handler ran`);
    book.expect(ctx.children.size === 0, () => `${actor.label} exited before its children`);
  }
  const { exit } = actor.plan;
  if (exit === "throws") throw new Error("exit failed");
  return exit === "later" ? book.sleep(10) : undefined;
}

/** Runs a handler, and notes that it does. */
function handled<R>(ctx: Ctx, message: Message, stashed: boolean, run: () => R): R {
  const { book } = ctx.props;
  const { life } = ctx.state;
  const fate = book.casts.get(message.id);
  if (fate !== undefined) {
    fate.begun++;
    fate.stashed ||= stashed;
  }
  book.take(life, message, stashed);
  return oneAtATime(ctx, life, run);
}

// --- what messages do --------------------------------------------------------------------------

function doWork(ctx: Ctx, work: Work): void | Promise<void> {
  const { book, actor } = ctx.props;
  const { life } = ctx.state;
  switch (work.do) {
    case "note":
      return;
    case "stash":
      return ctx.stash();
    case "unstash":
      return ctx.unstash();
    case "clear":
      return void ctx.clearMailbox();
    case "join":
      actor.joined++;
      return ctx.join(CROWD);
    case "leave":
      actor.joined = Math.max(0, actor.joined - 1);
      return ctx.leave(CROWD);
    case "subscribe":
      if (life.subscribed) return;
      life.subscribed = true;
      return void ctx.subscribe(NEWS, () => oneAtATime(ctx, life, () => {}));
    case "fail":
      throw new Error("told to fail");
    case "wait":
      return book.sleep(work.ms);
    case "failLater":
      return book.sleep(work.ms).then(() => {
        throw new Error("told to fail later");
      });
    case "breed":
      return void spawnBy(book, work.plan, ctx, life);
    case "failNextInit":
      actor.failNextInits = work.times;
      return;
    case "stopSelf":
      return ctx.stop(work.reason ?? undefined);
    case "stopChild": {
      const child = ctx.children.list()[0];
      if (child === undefined) return;
      order(book.actorOf(child));
      return void book.follow("children.stop", ctx.children.stop(child));
    }
    case "drainChildren":
      for (const child of ctx.children.list()) order(book.actorOf(child));
      return void book.follow("children.drainAll", ctx.children.drainAll());
    case "timer":
      return setTimer(ctx, work.kind, work.ms, work.key);
    case "cancelTimer":
      return void ctx.timers.cancel(work.key);
    case "task":
      return startTask(ctx, work.ms, work.fails);
    default:
      return doTo(ctx, work, book.actor(work.to)!);
  }
}

type Directed = Extract<Work, { readonly to: number }>;

function doTo(ctx: Ctx, work: Directed, other: Actor): void | Promise<void> {
  const { book, actor } = ctx.props;
  switch (work.do) {
    case "tell":
      return book.cast(actor, other, { do: "note" });
    case "lastWords":
      for (let n = 0; n < 3; n++) book.cast(actor, other, { do: "note" });
      if (ctx.props.actor.plan.restart !== "temporary") return ctx.stop();
      throw new Error("told to fail after that");
    case "tellLater":
      return sendLater(ctx, work.ms, (from) => book.cast(from, other, { do: "note" }));
    case "watch":
      return watch(ctx, other);
    case "link":
      book.link(actor, other);
      return ctx.link(other.ref);
    case "unlink":
      book.unlink(actor, other);
      return ctx.unlink(other.ref);
    case "kill":
      return void book.follow(`kill ${other.label}`, kill(other.ref));
    case "stop":
      order(other);
      return void book.follow(`stop ${other.label}`, stop(other.ref));
    case "call":
      book.follow(`call ${other.label}`, other.ref.ask(book.message(actor, other), work.ask));
      return;
    case "callLater":
      return sendLater(ctx, work.ms, async (from) => {
        const asked = other.ref.ask(book.message(from, other), { do: "answer" });
        book.follow(`call ${other.label} from ${actor.label}`, asked);
        await asked.catch(() => {});
      });
  }
}

/**
 * Sends when time has passed. What a killed actor's code still sends is nobody's.
 *
 * In development it is refused; in production it arrives, and may do so after the actor's down.
 */
async function sendLater(
  ctx: Ctx,
  ms: number,
  send: (from: Actor | null) => void | Promise<void>,
): Promise<void> {
  const { signal } = ctx;
  const { book, actor } = ctx.props;
  await book.sleep(ms);
  await send(signal.aborted ? null : actor);
}

/** It is to end, and shall not come back. */
export function order(actor: Actor | undefined): void {
  if (actor !== undefined) actor.ordered = true;
}

function watch(ctx: Ctx, target: Actor): void {
  const { book, actor } = ctx.props;
  const { life } = ctx.state;
  const seen: Book["watches"][number] = { target, life, cancelled: false, downs: [] };
  book.watches.push(seen);
  seen.monitor = ctx.monitor(target.ref, (down) =>
    oneAtATime(ctx, life, () => {
      book.expect(actor.life === life, () => `${actor.label} saw a down in a life that is over`);
      seen.downs.push(down);
    }),
  );
}

function setTimer(ctx: Ctx, kind: "after" | "every", ms: number, key: string | null): void {
  const { book, actor } = ctx.props;
  const { life } = ctx.state;
  const tick = (): void =>
    oneAtATime(ctx, life, () =>
      book.expect(actor.life === life, () => `${actor.label} saw a tick of a life that is over`),
    );
  ctx.timers[kind](ms, tick, key === null ? {} : { key });
}

function startTask(ctx: Ctx, ms: number, fails: boolean): void {
  const { book, actor } = ctx.props;
  const { life } = ctx.state;
  const work = async (): Promise<void> => {
    await book.sleep(ms);
    if (fails) throw new Error("task failed");
  };
  ctx.task(work, () =>
    oneAtATime(ctx, life, () =>
      book.expect(actor.life === life, () => `${actor.label} saw a task of a life that is over`),
    ),
  );
}
