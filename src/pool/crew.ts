import type {
  ActorDef,
  AnyRef,
  ChildEvent,
  InitContext,
  ExitReason,
  SpawnOptions,
} from "../index.ts";
import { kill, nameOf, started } from "../index.ts";
import { cellOf } from "../kernel/ref.ts";
import { backoffDelay } from "../supervision/backoff.ts";
import type { StartPolicy } from "./settings.ts";
import { IdleSlots, Slot } from "./slot.ts";
import type { WorkerInfo } from "./stats.ts";
import { faceOf, makeFaceClass, type FaceClass, type Outcomes } from "./worker-call.ts";

/** How workers are made. */
export interface Hiring {
  readonly worker: ActorDef<unknown, unknown>;
  readonly props: ((worker: number) => unknown) | undefined;
  readonly options: SpawnOptions;
  readonly start: StartPolicy;
}

/** What the crew tells of. */
export interface CrewOwner {
  /** A worker can begin a job. */
  free(slot: Slot): void;
  /** Whoever was there is gone; what it was at is failing, or was cut off by this. */
  lost(slot: Slot, reason: ExitReason): void;
  /** Its worker has been restarted, by its `onFailure` or by hand, and is the same. */
  renewed(slot: Slot): void;
  workerStarted(slot: Slot): void;
}

/**
 * The workers of one factory: as many as there should be, each in a place with a number.
 *
 * They are children that are never restarted: the factory puts a new one in the place of one that
 * has ended, at once where it had worked, and with growing pauses where it could not start.
 */
export class Crew {
  readonly idle = new IdleSlots();
  /** Those that finish what they have stand behind `size`. */
  readonly slots: Slot[] = [];
  readonly #ctx: InitContext;
  readonly #hiring: Hiring;
  readonly #owner: CrewOwner;
  readonly #outcomes: Outcomes;
  #face: FaceClass | null = null;
  readonly #byRef = new Map<AnyRef, Slot>();
  /** Workers that jobs may go to. */
  size = 0;
  replaced = 0;
  isOver = false;

  constructor(ctx: InitContext, hiring: Hiring, owner: CrewOwner, outcomes: Outcomes) {
    this.#ctx = ctx;
    this.#hiring = hiring;
    this.#owner = owner;
    this.#outcomes = outcomes;
  }

  /** Starts the first ones; rejects when one cannot start. */
  async open(size: number): Promise<void> {
    this.#resize(size, (slot) => this.#hire(slot));
    await Promise.all(this.slots.map(({ worker }) => started(worker!)));
    for (const slot of this.slots) this.#isUp(slot);
  }

  /** From the highest number down, workers leave: busy ones when they have done what they have. */
  resize(size: number): void {
    this.#resize(size, (slot) => this.#hireAgain(slot));
  }

  #resize(size: number, hire: (slot: Slot) => void): void {
    const { slots } = this;
    this.size = size;
    for (let index = 0; index < size; index++) {
      const slot = (slots[index] ??= new Slot(index));
      const stays = slot.draining;
      slot.draining = false;
      if (slot.worker === null && slot.failedStarts === 0) hire(slot);
      else if (stays && slot.isFree) this.#owner.free(slot);
    }
    for (let index = slots.length - 1; index >= size; index--) {
      const slot = slots[index]!;
      slot.draining = true;
      this.idle.delete(slot);
      if (slot.isDone) this.letGo(slot);
    }
  }

  /** The free one that has been free for longest. */
  firstFree(): Slot | null {
    for (let slot = this.idle.first; slot !== null; slot = this.idle.first) {
      if (slot.isFree) return slot;
      this.isGoing(slot);
    }
    return null;
  }

  /** Its worker is ending or beginning anew; one or the other will be told. */
  isGoing(slot: Slot): void {
    this.idle.delete(slot);
    if (slot.status === "up") slot.status = "down";
  }

  #hire(slot: Slot): void {
    const { worker, props, options } = this.#hiring;
    const ref = this.#ctx.spawn(worker, props?.(slot.index) as never, options);
    this.#byRef.set(ref, slot);
    slot.worker = ref;
    slot.cell = cellOf(ref);
    slot.face = faceOf(ref, (this.#face ??= makeFaceClass(ref, this.#outcomes)));
    slot.label = nameOf(ref);
    slot.status = "starting";
    slot.life++;
  }

  /** Ends a worker that has nothing to do. */
  letGo(slot: Slot): void {
    this.idle.delete(slot);
    if (slot.worker === null) return this.#trim();
    if (slot.status === "leaving") return;
    slot.status = "leaving";
    void this.#ctx.children.stop(slot.worker);
  }

  /** Kills a worker; another one is put in its place when it is gone. */
  replace(slot: Slot): void {
    slot.status = "down";
    this.idle.delete(slot);
    if (slot.worker !== null) void kill(slot.worker);
  }

  info(now: number): WorkerInfo[] {
    return this.slots.map((slot) => slot.info(now));
  }

  hear(event: ChildEvent): void {
    const slot = this.#byRef.get(event.ref);
    if (slot === undefined) return;
    switch (event.kind) {
      case "started":
        this.#isUp(slot);
        break;
      case "restarted":
        slot.life++;
        this.#isUp(slot);
        this.#owner.renewed(slot);
        break;
      case "failed":
        if (event.decision !== "resume") {
          this.isGoing(slot);
          break;
        }
        slot.life++;
        this.#isUp(slot);
        break;
      case "ended":
        this.#ended(slot, event);
    }
  }

  #isUp(slot: Slot): void {
    if (slot.status === "leaving") return;
    const wasStarting = slot.status === "starting";
    slot.status = "up";
    slot.failedStarts = 0;
    if (wasStarting) this.#owner.workerStarted(slot);
    if (slot.draining && slot.isDone) this.letGo(slot);
    else if (slot.task === null) this.#owner.free(slot);
  }

  #ended(slot: Slot, { ref, reason }: { readonly ref: AnyRef; readonly reason: ExitReason }): void {
    this.#byRef.delete(ref);
    if (slot.worker !== ref) return;
    const { status } = slot;
    this.idle.delete(slot);
    slot.worker = slot.face = slot.cell = null;
    slot.status = "down";
    if (this.isOver) return;
    this.#owner.lost(slot, reason);
    if (slot.draining && slot.isDone) this.#trim();
    else if (status === "starting") this.#tryAgain(slot, reason);
    else if (status === "leaving") this.#hireAgain(slot);
    else this.#replaceLost(slot);
  }

  /** Props that cannot be had are a start that has failed. */
  #hireAgain(slot: Slot): void {
    try {
      this.#hire(slot);
    } catch (error) {
      this.#ctx.log.error("a worker could not be made", { worker: slot.index, error });
      this.#tryAgain(slot, { kind: "failed", error });
    }
  }

  #replaceLost(slot: Slot): void {
    slot.replaced++;
    this.replaced++;
    this.#hireAgain(slot);
  }

  #tryAgain(slot: Slot, reason: ExitReason): void {
    const { backoff, giveUpAfter } = this.#hiring.start;
    if (++slot.failedStarts >= giveUpAfter) {
      const why = reason.kind === "failed" ? { cause: reason.error } : undefined;
      throw new Error(
        `${this.#ctx.name}: worker ${slot.index} could not be started ${giveUpAfter} times in a row`,
        why,
      );
    }
    this.#ctx.timers.after(backoffDelay(backoff, slot.failedStarts, this.#ctx.random()), () => {
      if (slot.worker !== null) return;
      if (slot.draining && slot.isDone) this.#trim();
      else this.#hireAgain(slot);
    });
  }

  /** The places of those that have left are given up from the end, so that numbers stay dense. */
  #trim(): void {
    const { slots } = this;
    for (let last = slots.at(-1); last !== undefined; last = slots.at(-1)) {
      if (last.index < this.size || last.worker !== null || !last.isDone) return;
      slots.pop();
    }
  }
}
