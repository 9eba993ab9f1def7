import {
  drain,
  kill,
  link,
  monitor,
  restart,
  status,
  stop,
  unlink,
  withOptions,
  type SystemEvent,
} from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { Book, type Actor, type Message } from "./book.ts";
import type { Op, Work } from "./plan.ts";
import { NEWS, order, spawnBy } from "./subject.ts";

/** More restarts than this within the window end the parent, or the child where that is the root. */
const MAX_RESTARTS = 3;
const WITHIN_MS = 5_000;

/** One run: a system, what is done to it, and the book of what came of it. */
export class Run {
  readonly kit: TestKit;
  readonly book: Book;
  /** All actors are to end. */
  finishing = false;
  /** Times of the restarts of each family: the children of one life, or one child of the root. */
  readonly #restarts = new Map<object, number[]>();

  constructor(development: boolean) {
    this.kit = createTestSystem({ development });
    const { world } = this.kit;
    this.book = new Book((ms) => new Promise((resolve) => void world.setTimer(ms, resolve)));
    this.kit.system.on((event) => this.#onEvent(event));
  }

  /** Does something from outside of actors, at once. */
  do(op: Op): void {
    const { book, kit } = this;
    if (op.op === "spawn") return void spawnBy(book, op.plan, kit.system, null);
    if (op.op === "publish") return void kit.system.publish(NEWS, 1);
    if (op.op === "abort") return book.aborts[op.which]?.abort(new Error("aborted"));
    if (op.op === "cancelMonitor") return this.#cancelMonitor(op.which);
    const actor = book.actor(op.to);
    if (actor !== undefined) this.#doTo(actor, op);
  }

  #doTo(actor: Actor, op: Extract<Op, { readonly to: number }>): void {
    const { book } = this;
    switch (op.op) {
      case "cast":
        return book.cast(null, actor, op.work);
      case "castWhenRoom":
        return this.#castWhenRoom(actor, op.work);
      case "call":
        return this.#call(actor, op);
      case "stop":
        order(actor);
        return this.#ends(actor, "stop", stop(actor.ref, op.reason ?? undefined));
      case "drain":
        order(actor);
        return this.#ends(actor, "drain", drain(actor.ref));
      case "kill":
        return void book.follow(`kill ${actor.label}`, kill(actor.ref));
      case "restart":
        return void book.follow(`restart ${actor.label}`, restart(actor.ref));
      case "monitor":
        return this.#monitor(actor);
      case "watch": {
        const other = book.actor(op.other)!;
        book.cast(null, actor, { do: "watch", to: other.index });
        book.cast(null, actor, { do: "wait", ms: 10 });
        return book.cast(null, other, { do: "lastWords", to: actor.index });
      }
      case "link":
        book.link(actor, book.actor(op.other)!);
        return link(actor.ref, book.actor(op.other)!.ref);
      case "unlink":
        book.unlink(actor, book.actor(op.other)!);
        return unlink(actor.ref, book.actor(op.other)!.ref);
    }
  }

  #ends(actor: Actor, what: string, promise: Promise<unknown>): void {
    this.book.follow(`${what} ${actor.label}`, promise);
    promise.then(
      () =>
        this.book.expect(
          status(actor.ref) === "stopped",
          () => `${what} ${actor.label} came early`,
        ),
      () => this.book.wrong.push(`${what} ${actor.label} rejected`),
    );
  }

  #castWhenRoom(actor: Actor, work: Work): void {
    const { book } = this;
    // Numbered as if by nobody: it may be admitted after what was sent later by refused casts.
    const message: Message = book.message(null, actor);
    book.casts.set(message.id, { begun: 0, lost: 0, stashed: false });
    const patient = withOptions(actor.ref, { whenFull: "wait" });
    book.follow(`cast to ${actor.label} when there is room`, patient.work(message, work));
  }

  #call(actor: Actor, { ask, limit }: Extract<Op, { readonly op: "call" }>): void {
    const { book } = this;
    const message = book.message(null, actor);
    const abort = new AbortController();
    book.aborts.push(abort);
    const asked = withOptions(actor.ref, {
      signal: abort.signal,
      ...(limit === null ? {} : { timeout: limit }),
    });
    const reply = asked.ask(message, ask);
    book.follow(`call ${message.id} to ${actor.label}`, reply);
    reply.then(
      (answer) => book.expect(answer === message.answer, () => `call ${message.id}: wrong reply`),
      () => {},
    );
  }

  #monitor(target: Actor): void {
    const watch: Book["watches"][number] = { target, life: null, cancelled: false, downs: [] };
    this.book.watches.push(watch);
    watch.monitor = monitor(target.ref, (down) => {
      this.book.expect(!watch.cancelled, () => `a cancelled monitor of ${target.label} fired`);
      watch.downs.push(down);
    });
  }

  #cancelMonitor(which: number): void {
    const watch = this.book.watches[which];
    if (watch === undefined) return;
    watch.cancelled = true;
    watch.monitor?.cancel();
  }

  // --- what the system tells ---------------------------------------------------------------------

  /** A listener that throws is heard no more, so nothing in here may. */
  #onEvent(event: SystemEvent): void {
    if (event.type === "ended") this.#onEnded(event.actor, event.reason);
    if (event.type === "restarting") this.#onRestarting(event.actor);
    if (event.type === "failed" && event.decision !== "resume") {
      const life = this.#named(event.actor)?.life;
      if (life !== undefined) life.failed = true;
    }
    // Events of a topic that nobody will see are dead letters too.
    if (event.type !== "deadLetter" || event.verb !== "work") return;
    const [message] = event.args as [Message];
    const fate = this.book.casts.get(message.id);
    this.book.expect(
      fate !== undefined,
      () => `message ${message.id} is a dead letter, yet refused`,
    );
    if (fate !== undefined) fate.lost++;
  }

  #named(label: string): Actor | undefined {
    return this.book.born.find(({ cell }) => cell.status !== "stopped" && cell.label === label);
  }

  #onEnded(label: string, reason: Extract<SystemEvent, { type: "ended" }>["reason"]): void {
    const actor = this.book.born.find(
      ({ ended, cell }) => ended === null && cell.label === label && cell.status === "stopped",
    );
    if (actor === undefined) return;
    actor.ended = reason;
    actor.gaveUpWithoutCause = this.#isToComeBack(actor);
    for (const child of this.book.born) {
      this.book.expect(
        child.parent !== actor || child.cell.status === "stopped",
        () => `${child.label} outlived its parent, ${actor.label}`,
      );
    }
  }

  /** Permanent, started, its parent goes on, and nobody has ordered its end. */
  #isToComeBack({ plan, parentLife, lives, ordered, cell }: Actor): boolean {
    const comesBack = plan.restart === "permanent" && plan.onFailure === null;
    if (!comesBack || ordered || lives.length === 0) return false;
    if (cell.rare?.startError != null || this.finishing) return false;
    const parent = cell.parent!;
    return parentLife === null || (parent.status === "running" && parent.rare?.ending == null);
  }

  #onRestarting(label: string): void {
    const actor = this.#named(label);
    if (actor === undefined) return;
    const family = actor.parentLife ?? actor;
    const now = this.kit.world.now();
    const times = (this.#restarts.get(family) ?? []).filter((time) => now - time <= WITHIN_MS);
    this.#restarts.set(family, [...times, now]);
    this.book.expect(
      times.length < MAX_RESTARTS,
      () => `${actor.label} was restarted beyond the budget`,
    );
  }
}
