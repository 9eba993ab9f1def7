import {
  createSystem,
  implement,
  kill,
  KilledError,
  DeadlockError,
  refuse,
  restart,
  status,
  stop,
  supervisor,
  type ActorDef,
  type Context,
  type Ref,
  type Reply,
} from "troupe";
import {
  everyCallSettles,
  InjectedCrash,
  noLeaks,
  pairOrder,
  type Chance,
  type Scenario,
  type Sim,
} from "troupe/sim";
import { nothingWrong, pause } from "./book.ts";
import { Calls, isLossy, MANNERS, Tagged } from "./calls-book.ts";
import type { Ask, Clerk, Office, Request } from "./calls-book.ts";

/*
 * Calls: whatever becomes of the receiver and of the caller, each call settles once, with its own
 * reply or for a reason that is one.
 */

type Desk = () => Office;
type Ctx = Context<Desk, { readonly desk: Desk; readonly book: Calls }, Clerk>;

/** Made for each run: what a kernel learns of a handler stays in its definition. */
function clerk(name: string): ActorDef<Clerk, { desk: Desk; book: Calls }> {
  return implement<Clerk>()({
    name,
    init: (_ctx, { desk, book }: { desk: Desk; book: Calls }) => {
      book.beginLife(desk());
      return desk;
    },
    cast: {
      note(ctx, number) {
        const { book } = ctx.props;
        book.inOrder(ctx.state(), book.notes[number]!);
        ctx.unstash();
      },
    },
    call: {
      ask(ctx, id) {
        const { book } = ctx.props;
        const office = ctx.state();
        const request = book.begin(office, id);
        request.life = office.lives;
        if (request.begun === 1) book.inOrder(office, request);
        return answer(ctx, request);
      },
    },
  });
}

function answer(ctx: Ctx, request: Request): number | Reply<number> | Promise<number> {
  const { book } = ctx.props;
  const { id, ask } = request;
  const give = (): number => {
    book.give(request);
    return id;
  };
  switch (request.passedOn ? "now" : ask.manner) {
    case "now":
      return give();
    case "later":
      return slowly(ctx, ask.ms, give);
    case "refused":
      book.give(request);
      throw refuse(new Tagged(id));
    case "fails":
      book.give(request);
      throw new Tagged(id);
    case "failsLater":
      return slowly(ctx, ask.ms, () => {
        book.give(request);
        throw new Tagged(id);
      });
    case "never":
      return ctx.defer<number>();
    case "stashed":
      if (request.begun > 1) return give();
      request.mayBegin++;
      // Whoever takes it up again owes the answer.
      request.life = 0;
      ctx.stash();
      return 0;
    case "deferred":
    case "handed": {
      const reply = ctx.defer<number>();
      if (ask.manner === "handed") {
        request.passedOn = true;
        // Between two lives it is the next one that owes it.
        request.life = status(ask.other.ref) === "running" ? ask.other.lives : 0;
        reply.handTo(ask.other.ref);
      }
      void pause(ask.ms).then(() => reply.resolve(give()));
      return reply;
    }
    case "forwarded":
      request.passedOn = true;
      request.life = 0;
      request.mayBegin++;
      return ctx.forward(ask.other.ref).ask(id);
  }
}

/** An async handler: what it does after a kill is nobody's. */
async function slowly(ctx: Ctx, ms: number, end: () => number): Promise<number> {
  const { signal } = ctx;
  await pause(ms);
  return signal.aborted ? 0 : end();
}

interface Errand {
  run(to: Office, ask: Ask, limitMs: number): void;
  askSelf(): Promise<string>;
}

/** Calls from within: waits in its handler, and may be killed there. */
function errand(book: Calls): ActorDef<Errand> {
  return implement<Errand>()({
    name: "errand",
    cast: {
      async run(ctx, to, ask, limitMs) {
        const { name, signal } = ctx;
        book.note(name, to);
        await book.call(name, to, ask, limitMs);
        try {
          book.note(name, to);
          await book.call(name, to, ask, limitMs);
        } catch (error) {
          book.saw("KilledError");
          const isFenced = error instanceof KilledError && signal.aborted;
          book.expect(isFenced, () => `${name} could not send: ${String(error)}`);
        }
      },
    },
    call: {
      async askSelf(ctx) {
        const error: unknown = await ctx.self.askSelf().catch((thrown: unknown) => thrown);
        book.saw("DeadlockError");
        book.expect(error instanceof DeadlockError, () => `asked itself, and got ${String(error)}`);
        return "asked";
      },
    },
  });
}

interface App {
  readonly book: Calls;
  readonly offices: readonly Office[];
  readonly errands: readonly Ref<Errand>[];
}

function boot(sim: Sim): App {
  const system = createSystem({ development: sim.seed % 4 < 2 });
  const book = new Calls("calls", sim, system);
  const offices: Office[] = [];
  const open = (name: string, place: (desk: Desk) => Ref<Clerk>): void => {
    const index = offices.length;
    const ref = place(() => offices[index]!);
    offices.push({ name, ref, lives: 0, seen: new Map() });
  };
  const intensity = { max: 1_000, within: 1_000 };
  const desks = {
    near: clerk("near"),
    quick: clerk("quick"),
    tiny: clerk("tiny"),
    far: clerk("far"),
  };
  let index = 0;
  const child = (actor: ActorDef<Clerk, { desk: Desk; book: Calls }>) => {
    const own = index++;
    return { actor, props: { book, desk: () => offices[own]! }, name: actor.name } as const;
  };
  const house = system.spawn(
    supervisor({
      name: "house",
      intensity,
      children: {
        near: child(desks.near),
        quick: { ...child(desks.quick), priority: "high", restart: "permanent" },
        tiny: { ...child(desks.tiny), priority: "low", mailbox: { capacity: 2 } },
        far: child(desks.far),
      },
    }),
  );
  for (const name of ["near", "quick", "tiny", "far"] as const) open(name, () => house.child(name));
  const frail = clerk("frail");
  const options = {
    name: "frail",
    restart: "permanent",
    backoff: { kind: "fixed", delay: 3 },
  } as const;
  open("frail", (desk) => system.spawn(frail, { book, desk }, options));
  const last = clerk("last");
  open("last", (desk) => system.spawn(last, { book, desk }, { name: "last" }));
  system.on(
    (event) => {
      if (event.type === "lateReply" && event.actor !== "far") book.lateTold++;
      if (event.type === "failed" && event.error instanceof InjectedCrash) book.crashesAfter++;
    },
    "lateReply",
    "failed",
  );
  const errands = ["alice", "bob"].map((name) =>
    system.spawn(errand(book), undefined, { name, restart: "permanent" }),
  );
  return { book, offices, errands };
}

function drawAsk(chance: Chance, offices: readonly Office[]): [Office, Ask, number] {
  const to = chance.pick(offices);
  const others = offices.filter((office) => !isLossy(office));
  const ask = { manner: chance.pick(MANNERS), ms: chance.int(0, 30), other: chance.pick(others) };
  return [to, ask, chance.pick([5, 20, 60, 200])];
}

export const calls: Scenario<App> = {
  name: "calls",
  boot,
  workload: {
    clients: 3,
    steps: 8,
    pauseMs: [0, 15],
    commands: {
      call: {
        weight: 5,
        run: ({ app: { book, offices }, chance, client }) => {
          const [to, ask, limitMs] = drawAsk(chance, offices);
          return book.call(`client ${client}`, to, ask, limitMs);
        },
      },
      burst: {
        weight: 3,
        run: async ({ app: { book, offices }, chance, client }) => {
          const open = Array.from({ length: chance.int(2, 5) }, () => {
            const [to, ask, limitMs] = drawAsk(chance, offices);
            if (to.name !== "tiny") book.note(`client ${client}`, to);
            return book.call(`client ${client}`, to, ask, limitMs);
          });
          await Promise.all(open);
        },
      },
      abort: {
        weight: 2,
        run: async ({ app: { book, offices }, chance, client }) => {
          const [to, ask, limitMs] = drawAsk(chance, offices);
          const abort = new AbortController();
          const reason = book.requests.length;
          const called = book.call(`client ${client}`, to, ask, limitMs, abort);
          void pause(chance.int(0, 20)).then(() => abort.abort(book.requests[reason]!.aborted));
          await called;
        },
      },
      errand: {
        weight: 3,
        run: ({ app: { errands, offices }, chance }) => {
          const places = offices.filter(({ name }) => name !== "tiny");
          chance.pick(errands).run(...drawAsk(chance, places));
        },
      },
      askSelf: ({ app: { errands }, chance }) => chance.pick(errands).askSelf(),
      kill: ({ app: { offices }, chance }) => kill(chance.pick(offices).ref),
      restart: ({ app: { offices }, chance }) => restart(chance.pick(offices).ref),
      stop: ({ app: { offices }, chance }) => stop(chance.pick(offices).ref),
    },
  },
  faults: {
    crash: { chance: 0.02, who: (label) => label !== "alice" && label !== "house" },
    kill: { chance: 0.02, who: (label) => label !== "house" },
    slow: { chance: 0.02, ms: [1, 30] },
    stall: { chance: 0.02, ms: [1, 40] },
    messages: { to: "far", loss: 0.1, delay: { chance: 0.3, ms: [1, 20] } },
    process: { crash: 0.0005 },
  },
  always: {
    nothingWrong,
    nobodyForgotten: ({ app }) => app.book.isAnybodyForgotten(),
    order: pairOrder(),
    settle: everyCallSettles(),
    leaks: noLeaks(),
  },
  eventually: {
    allAreAnswered: ({ app }) => app.book.openCalls === 0,
    theEnd: ({ app }) => app.book.end(() => app.book.checkAtEnd()),
  },
  within: 2_000,
};
