import {
  JobDiscardedError,
  type ActorLog,
  type DiscardReason,
  type InitContext,
} from "../index.ts";
import type { PoolEvent } from "./events.ts";
import type { QueuedJob, Task } from "./job.ts";
import type { LiveSettings } from "./settings.ts";

/** Tells what becomes of jobs: those who wait for them, those who listen, and the log. */
export class Announcer {
  readonly #ctx: InitContext;
  // Kept: a factory that is killed tells what becomes of its jobs when its context is revoked.
  readonly #name: string;
  readonly #log: ActorLog;
  #onDiscard: LiveSettings["onDiscard"] = null;
  #onEvent: LiveSettings["onEvent"] = null;
  /** Somebody listens: events that nobody hears are not made. */
  isHeard = false;

  constructor(ctx: InitContext) {
    this.#ctx = ctx;
    this.#name = ctx.name;
    this.#log = ctx.log;
  }

  set({ onDiscard, onEvent }: LiveSettings): void {
    if (onDiscard !== undefined) this.#onDiscard = onDiscard;
    if (onEvent !== undefined) this.#onEvent = onEvent;
    this.isHeard = this.#onEvent != null;
  }

  emit(event: PoolEvent): void {
    const hear = this.#onEvent;
    if (hear != null) this.#guard("onEvent", () => hear(event));
  }

  done(task: Task, worker: number, result: unknown): void {
    task.reply?.resolve(result);
    if (this.isHeard) this.emit({ type: "done", job: task, worker });
  }

  failed(task: Task, worker: number, error: unknown): void {
    const { reply, accepted } = task;
    task.accepted = null;
    reply?.reject(error);
    accepted?.reject(error);
    if (reply === null && accepted === null && !this.#ctx.signal.aborted) {
      this.#log.warn("a job failed that nobody waits for", { error, key: task.key });
    }
    if (this.isHeard) this.emit({ type: "failed", job: task, worker, error });
  }

  discarded(task: Task, reason: DiscardReason, detail: string): void {
    const tell = this.#onDiscard;
    if (tell != null) this.#guard("onDiscard", () => tell(task, reason));
    const { reply, accepted } = task;
    task.accepted = null;
    if (reply !== null || accepted !== null) {
      const error = new JobDiscardedError(this.#name, reason, describe(task, reason, detail));
      reply?.reject(error);
      accepted?.reject(error);
    }
    if (this.isHeard) this.emit({ type: "discarded", job: task, reason });
  }

  /** What users hear with must not end what it hears of. */
  #guard(what: string, fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#log.error(`${what} threw; the factory goes on`, { error });
    }
  }
}

function describe({ key }: QueuedJob, reason: DiscardReason, detail: string): string {
  const which = key === undefined ? "it" : `the one with key ${JSON.stringify(key)}`;
  switch (reason) {
    case "ttl":
      return `the time to live of ${which} was over before a worker took it`;
    case "overload":
      return `${which} was one too many: ${detail}`;
    case "rateLimited":
      return `the rate limit did not let ${which} in`;
    case "shutdown":
      return detail;
    case "abandoned":
      return `whoever submitted ${which} waits no more`;
  }
}
