import {
  createSystem,
  drain,
  implement,
  kill,
  restart,
  status,
  stop,
  type ActorDef,
  type InitContext,
  type Ref,
} from "troupe";
import { noLeaks, type Chance, type Scenario, type Sim } from "troupe/sim";
import { pause } from "./book.ts";
import { Box, DEEDS, MailboxBook, type Deed, type Taker } from "./mailbox-book.ts";

/*
 * Mailboxes: what is sent is handled in the order of sending, or dropped by the policy and told;
 * nothing is lost without a trace, and nothing handled twice, over restarts, stashes and drains.
 */

interface Props {
  readonly book: MailboxBook;
  readonly box: Box;
}

function taker(name: string): ActorDef<Taker, Props> {
  return implement<Taker>()({
    name,
    init: (ctx, { book, box }: Props) => {
      const life = book.beginLife(box);
      // Sometimes a new life wants none of what waited.
      if (life % 5 === 0) clear(ctx, box);
      return life;
    },
    cast: {
      put(ctx, id, deed, ms) {
        const { book, box } = ctx.props;
        const life = ctx.state;
        book.take(box, id);
        const { signal } = ctx;
        // What ends behind a kill is nobody's.
        const end = (): void => {
          if (!signal.aborted) book.done(box, life, id);
        };
        const stash = (): void => {
          ctx.stash();
          book.stashed(box, id);
        };
        switch (deed) {
          case "note":
            return end();
          case "slow":
            return pause(ms).then(end);
          case "fail":
            throw new Error("told to fail");
          case "clear":
            book.saw(`cleared ${clear(ctx, box) > 0}`);
            return end();
          case "unstash":
            ctx.unstash();
            book.unstashed(box);
            return end();
          default:
            if (box.stash.length >= 3) return end();
            stash();
            if (deed === "stashAndFail") throw new Error("told to fail after a stash");
            return deed === "stash" ? end() : pause(ms).then(end);
        }
      },
    },
  });
}

function clear(ctx: InitContext<Props, Taker>, box: Box): number {
  box.isClearing = true;
  const cleared = ctx.clearMailbox();
  box.isClearing = false;
  return cleared;
}

interface Sender {
  burst(shots: readonly Shot[], patient: boolean): void;
}
interface Shot {
  readonly box: Box;
  readonly deed: Deed;
  readonly ms: number;
}

function sender(book: MailboxBook): ActorDef<Sender> {
  return implement<Sender>()({
    name: "sender",
    cast: {
      burst(_ctx, shots, patient) {
        for (const { box, deed, ms } of shots) void book.send(box, deed, ms, patient);
      },
    },
  });
}

interface App {
  readonly book: MailboxBook;
  readonly senders: readonly Ref<Sender>[];
  /** Makes a box anew where the old one has ended. */
  readonly open: (box: Box) => void;
}

function boot(sim: Sim): App {
  const system = createSystem({ development: sim.seed % 4 < 2 });
  const book = new MailboxBook("mailboxes", sim, system);
  system.on((event) => book.hear(event), "deadLetter", "failed", "ended");
  const open = (old: Box): void => {
    const { name, policy, capacity } = old;
    if (old.ref !== undefined && status(old.ref) !== "stopped") return;
    const box = new Box(name, policy, capacity);
    book.boxes.set(name, box);
    const mailbox = { capacity, whenFull: policy, stash: 3 };
    box.ref = system.spawn(taker(name), { book, box }, { name, mailbox, restart: "permanent" });
  };
  open(new Box("strict", "reject", 4));
  open(new Box("fresh", "dropOldest", 3));
  open(new Box("full", "dropNewest", 3));
  open(new Box("roomy", "reject", 1_000));
  const senders = ["alice", "bob", "carol"].map((name) =>
    system.spawn(sender(book), undefined, { name, restart: "permanent" }),
  );
  return { book, senders, open };
}

function anyBox({ book }: App, chance: Chance): Box {
  return chance.pick([...book.boxes.values()]);
}

function drawShots(app: App, chance: Chance): Shot[] {
  const box = anyBox(app, chance);
  return Array.from({ length: chance.int(1, 6) }, () => ({
    box: chance.bool(0.8) ? box : anyBox(app, chance),
    deed: chance.bool(0.4) ? "note" : chance.pick(DEEDS),
    ms: chance.int(0, 10),
  }));
}

export const mailboxes: Scenario<App> = {
  name: "mailboxes",
  boot,
  workload: {
    clients: 3,
    steps: 10,
    pauseMs: [0, 8],
    commands: {
      burst: {
        weight: 6,
        run: ({ app, chance }) => chance.pick(app.senders).burst(drawShots(app, chance), false),
      },
      patience: {
        weight: 3,
        run: ({ app, chance }) => chance.pick(app.senders).burst(drawShots(app, chance), true),
      },
      send: {
        weight: 3,
        run: async ({ app, chance }) => {
          const patient = chance.bool(0.5);
          const sent = drawShots(app, chance).map(({ box, deed, ms }) =>
            app.book.send(box, deed, ms, patient),
          );
          await Promise.all(sent);
        },
      },
      kill: ({ app, chance }) => kill(anyBox(app, chance).ref),
      restart: ({ app, chance }) => restart(anyBox(app, chance).ref),
      stop: ({ app, chance }) => stop(anyBox(app, chance).ref, "by order"),
      drain: ({ app, chance }) => {
        const box = anyBox(app, chance);
        box.drained = true;
        return drain(box.ref);
      },
      open: {
        weight: 3,
        run: ({ app }) => {
          for (const box of app.book.boxes.values()) app.open(box);
        },
      },
    },
  },
  faults: {
    crash: { chance: 0.02, who: ["strict", "fresh", "full", "roomy"] },
    kill: 0.01,
    slow: { chance: 0.02, ms: [1, 20] },
    stall: { chance: 0.02, ms: [1, 20] },
  },
  always: {
    nothingWrong: ({ app: { book } }) => {
      book.checkSizes();
      return book.wrong;
    },
    leaks: noLeaks(),
  },
  eventually: {
    roomForAll: ({ app }) =>
      [...app.book.boxes.values()].every(({ waiting }) => waiting.length === 0),
    theEnd: ({ app }) => app.book.end(() => app.book.checkAtEnd()),
  },
  within: 2_000,
};
