import {
  KilledError,
  mailboxSize,
  MailboxFullError,
  status,
  withOptions,
  type Ref,
  type SystemEvent,
  type WhenFull,
} from "troupe";
import { InjectedCrash } from "troupe/sim";
import { Book } from "./book.ts";

export const DEEDS = [
  "note",
  "slow",
  "stash",
  "stashSlowly",
  "stashAndFail",
  "unstash",
  "clear",
  "fail",
] as const;
export type Deed = (typeof DEEDS)[number];

/** Casts that are numbered over a whole run. */
export interface Taker {
  put(id: number, deed: Deed, ms: number): void;
}

/** What a mailbox is: three lists, and nothing is in two of them. */
export class Box {
  readonly name: string;
  readonly policy: WhenFull;
  readonly capacity: number;
  ref!: Ref<Taker>;
  life = 0;
  /** What has been admitted, the next first. */
  queue: number[] = [];
  stash: number[] = [];
  /** Whose senders wait for room. */
  waiting: number[] = [];
  /** The one that is being handled; one that was stashed, until the next. */
  current: number | undefined;
  /** Its handler is not done. */
  isBusy = false;
  /** The one whose sender is on the stack. */
  sending: number | undefined;
  drained = false;
  /** It throws away what waits. */
  isClearing = false;

  constructor(name: string, policy: WhenFull, capacity: number) {
    this.name = name;
    this.policy = policy;
    this.capacity = capacity;
  }

  /** What is in the mailbox: between two lives, what was stashed is before the rest. */
  get held(): readonly number[] {
    return status(this.ref) === "running" ? this.queue : [...this.stash, ...this.queue];
  }

  /** Those who wait come in as there is room: it is seen by how many there are. */
  letIn(size: number): void {
    while (this.waiting.length > 0 && size > this.held.length) {
      this.queue.push(this.waiting.shift()!);
    }
  }

  remove(id: number): boolean {
    for (const list of [this.queue, this.stash, this.waiting]) {
      const at = list.indexOf(id);
      if (at < 0) continue;
      list.splice(at, 1);
      return true;
    }
    return false;
  }
}

/** All messages of a run: each is handled, dropped, refused, or lost with the life that failed on it. */
export class MailboxBook extends Book {
  readonly boxes = new Map<string, Box>();
  readonly fates: string[] = [];
  /** To whom each was sent: a box of the same name may have come after it. */
  readonly #to: Box[] = [];

  /** Sends as whoever runs; `patient` waits for room. */
  async send(box: Box, deed: Deed, ms: number, patient: boolean): Promise<void> {
    const id = this.fates.push("sent") - 1;
    this.#to.push(box);
    if (patient) return this.#sendPatiently(box, id, deed, ms);
    const isOpen = this.#isOpen(box);
    box.letIn(mailboxSize(box.ref));
    const isFull = box.held.length >= box.capacity || box.waiting.length > 0;
    box.sending = id;
    try {
      box.ref.put(id, deed, ms);
      if (this.fates[id] === "sent" && isOpen) this.#admit(box, id, isFull);
    } catch (error) {
      this.expect(error instanceof MailboxFullError, () => `cast threw ${String(error)}`);
      const mayBe = box.policy === "reject" && isFull && this.fates[id] === "sent";
      this.expect(mayBe, () => `${box.name} refused ${id}, with ${box.held.length} waiting`);
      this.#end(id, "refused");
    }
    box.sending = undefined;
  }

  #isOpen({ ref }: Box): boolean {
    return ["starting", "running", "restarting"].includes(status(ref));
  }

  #admit(box: Box, id: number, wasFull: boolean): void {
    box.letIn(mailboxSize(box.ref) - 1);
    box.queue.push(id);
    const mayBe = !wasFull || box.policy === "dropOldest";
    this.expect(mayBe, () => `${box.name} took ${id}, and was full`);
  }

  async #sendPatiently(box: Box, id: number, deed: Deed, ms: number): Promise<void> {
    box.letIn(mailboxSize(box.ref));
    box.waiting.push(id);
    await withOptions(box.ref, { whenFull: "wait" }).put(id, deed, ms);
    this.saw("admitted");
    this.expect(!box.waiting.includes(id) || mailboxSize(box.ref) > 0, () => `${id} got lost`);
  }

  #end(id: number, fate: string): void {
    this.saw(fate);
    const before = this.fates[id];
    const mayBe = before === "sent" || (fate === "dropped" && before === "stashed");
    this.expect(mayBe || before === "taken", () => `${id} is ${fate}, and was ${before}`);
    this.fates[id] = fate;
  }

  // --- what a taker tells of itself -------------------------------------------------------------

  beginLife(box: Box): number {
    this.#cutOff(box);
    // What was stashed is before what came later.
    box.queue.unshift(...box.stash.splice(0));
    return ++box.life;
  }

  take(box: Box, id: number): void {
    box.letIn(mailboxSize(box.ref) + 1);
    const { current, isBusy } = box;
    this.expect(!isBusy, () => `${box.name} takes ${id} beside ${current}`);
    const next = box.queue.shift();
    this.expect(next === id, () => `${box.name} takes ${id}, and the next was ${next}`);
    const fate = this.fates[id];
    const mayBe = fate === "sent" || fate === "stashed";
    this.expect(mayBe, () => `${box.name} takes ${id}, which was ${fate}`);
    if (fate === "stashed") this.saw("taken up again");
    this.fates[id] = "taken";
    box.current = id;
    box.isBusy = true;
  }

  stashed(box: Box, id: number): void {
    this.fates[id] = "stashed";
    box.stash.push(id);
  }

  unstashed(box: Box): void {
    box.letIn(mailboxSize(box.ref) - box.stash.length);
    box.queue.unshift(...box.stash.splice(0));
  }

  /** The handler of this life is done. */
  done(box: Box, life: number, id: number): void {
    if (box.life !== life || box.current !== id) return;
    box.isBusy = false;
    if (this.fates[id] === "stashed") return;
    box.current = undefined;
    this.#end(id, "handled");
  }

  // --- what the system tells ----------------------------------------------------------------------

  hear(event: SystemEvent): void {
    if (event.type === "deadLetter" && event.verb === "put") {
      const id = event.args[0] as number;
      this.#dropped(this.#to[id]!, id, event.why);
    }
    if (event.type === "failed") {
      const box = this.boxes.get(event.actor);
      if (box !== undefined) this.#failed(box, event.error);
    }
    if (event.type === "ended") this.#ended(this.boxes.get(event.actor));
  }

  #dropped(box: Box, id: number, why: string): void {
    this.saw(why);
    const isNew = box.sending === id;
    if (why === "mailbox full" && box.policy === "dropOldest") {
      // Those who wait for room come before whoever sends now: the oldest make room for them, too.
      box.letIn(mailboxSize(box.ref) + 1);
      const [oldest] = box.held;
      this.expect(id === oldest, () => `${box.name} dropped ${id}, and ${oldest} is the oldest`);
    }
    if (why === "mailbox full" && box.policy === "dropNewest") {
      this.expect(isNew, () => `${box.name} dropped ${id}, which is not the newest`);
    }
    const mayBe = why === "mailbox full" || box.isClearing || box.drained || !this.#isOpen(box);
    this.expect(mayBe, () => `${box.name} dropped ${id} for no reason (${why})`);
    const wasAdmitted = box.queue.includes(id) && why === "normal" && box.drained;
    this.expect(!wasAdmitted, () => `${box.name} was drained, and ${id} not handled`);
    const isThere = box.remove(id) || isNew;
    this.expect(isThere, () => `${box.name} dropped ${id}, which it had not`);
    this.#end(id, "dropped");
  }

  #failed(box: Box, error: unknown): void {
    const isBefore = error instanceof InjectedCrash && error.message.includes("before");
    box.letIn(mailboxSize(box.ref) + (isBefore ? 1 : 0));
    // A kill concerns no message where no handler is pending.
    const isUpon = !(error instanceof KilledError) || box.isBusy;
    const id = isBefore ? box.queue.shift() : isUpon ? box.current : undefined;
    box.current = undefined;
    box.isBusy = false;
    if (id === undefined) return;
    // What was stashed by the handler that failed is not handled again.
    if (!isBefore) box.remove(id);
    this.saw("failed upon");
    this.fates[id] = "lost";
  }

  #ended(box: Box | undefined): void {
    if (box === undefined) return;
    this.#cutOff(box);
    const left = box.queue.length + box.stash.length;
    this.expect(left === 0, () => `${box.name} has ended, and ${left} messages are nowhere`);
  }

  /** Of a kill on the way to an end, or down to a restart by hand, nothing else is told. */
  #cutOff(box: Box): void {
    if (box.isBusy && box.current !== undefined) {
      box.remove(box.current);
      this.fates[box.current] = "lost";
    }
    box.current = undefined;
    box.isBusy = false;
  }

  /** What waits is what was sent and has no fate yet. */
  checkSizes(): void {
    for (const box of this.boxes.values()) {
      if (status(box.ref) !== "running") continue;
      const size = mailboxSize(box.ref);
      box.letIn(size);
      this.expect(
        size === box.queue.length,
        () => `${size} wait in ${box.name}, of ${box.queue.length} that should`,
      );
    }
  }

  checkAtEnd(): void {
    for (const [id, fate] of this.fates.entries()) {
      const isOver = fate !== "sent" && fate !== "stashed" && fate !== "taken";
      this.expect(isOver, () => `${id} is ${fate} to the end`);
    }
  }
}
