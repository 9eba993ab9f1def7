import { createSystem, kill, supervisor, type Ref, type System } from "troupe";
import { thread, threads, type Threads, type ThreadsProtocol } from "troupe/threads";
import { setImmediate } from "node:timers/promises";
import { cellOf } from "../../../src/kernel/ref.ts";
import type { Pool } from "../../../src/threads/pool.ts";
import type { Thread } from "../../../src/threads/thread.ts";
import { bundleForThreads } from "../../support/bundle-for-threads.ts";
import { Worker, type Sabotage, type WorkerRef } from "./actors.ts";
import { Open, useAll, useOnce, type Told } from "./load.ts";

const module = bundleForThreads(new URL("./actors.ts", import.meta.url));
const SIZE = 3;
const WORKERS = 9;
/** What is asked for at a time; more waits until some of it has come to its end. */
const MOST_OPEN = 500;
const WATCHDOG = { limitMs: 80, action: "terminate" } as const;

/** Kills threads of a pool in all ways that there are, at random moments, under load. */
export class Soak implements AsyncDisposable {
  readonly system: System = createSystem({ logger: false, callTimeout: Infinity });
  readonly pool: Threads = threads({ size: SIZE, module, watchdog: WATCHDOG });
  readonly open = new Open();
  readonly told: Told = { monitors: new Map(), links: new Map() };
  readonly killed = new Map<string, number>();
  ended = 0;
  readonly #poolRef: Ref<ThreadsProtocol>;
  readonly #workers: WorkerRef[];
  readonly #threads = new Map<number, WeakRef<Thread>>();
  readonly #seen = new WeakSet<Thread>();
  readonly #onEnded = new Set<() => void>();
  readonly #random: () => number;
  #keys = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.#poolRef = this.system.spawn(this.pool);
    const own = thread({ module, watchdog: WATCHDOG });
    const children = Object.fromEntries(
      Array.from({ length: WORKERS }, (_, n) => {
        const on = n === 0 ? own : n < 3 ? this.pool.by(String(n)) : this.pool;
        return [`w${n}`, { actor: Worker, on, restart: "permanent" as const }];
      }),
    );
    const Crew = supervisor({ intensity: { max: 1e9, within: 1_000 }, children });
    const crew = this.system.spawn(Crew);
    this.#workers = Object.keys(children).map((id) => crew.child(id));
    this.system.on(() => {
      this.ended++;
      for (const look of this.#onEnded) look();
    }, "threadEnded");
  }

  /** Ends when so many threads have ended, and all that was asked for has come to its end. */
  async run(kills: number): Promise<void> {
    const until = this.ended + kills;
    const isDone = (): boolean => this.ended >= until;
    for (const worker of this.#workers) await worker.value();
    const killers = [this.#killUntil(isDone), this.#killUntil(isDone)];
    await this.#loadUntil(isDone);
    await Promise.all(killers);
    await this.#drain();
  }

  async #killUntil(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const ended = new Promise<void>((done) => {
        const look = (): void => {
          this.#onEnded.delete(look);
          done();
        };
        this.#onEnded.add(look);
      });
      this.#noteThreads();
      await this.#killOne();
      // What was told to end its thread may have ended with it before it heard that.
      await this.system.deadline(ended, 1_000).catch(() => {});
    }
  }

  async #killOne(): Promise<void> {
    const [how, weight] = this.#pick();
    this.killed.set(how, (this.killed.get(how) ?? 0) + weight);
    const victim = this.#workers[this.#below(WORKERS)]!;
    if (how === "terminate") {
      const index = await this.#running();
      this.open.follow("terminate", this.#poolRef.terminate(index));
    } else if (how === "kill") {
      victim.sabotage("block");
      this.open.follow("kill", kill(victim));
    } else victim.sabotage(how);
  }

  /** One that is ready: who is killed whenever it has begun never comes to anything. */
  async #running(): Promise<number> {
    const all = await this.#poolRef.which();
    const ready = all.filter(({ status }) => status === "running");
    return (ready[this.#below(ready.length)] ?? all[0]!).index;
  }

  #pick(): readonly [Sabotage | "terminate" | "kill", number] {
    const at = this.#random();
    if (at < 0.4) return ["terminate", 1];
    if (at < 0.55) return ["exit 0", 1];
    if (at < 0.7) return ["exit 1", 1];
    if (at < 0.82) return ["throw", 1];
    if (at < 0.94) return ["reject", 1];
    return at < 0.97 ? ["block", 1] : ["kill", 1];
  }

  async #loadUntil(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const one = useOnce(this.system, this.open, this.told, this.#keys++, this.pool);
      for (let n = 0; n < 3; n++) {
        const first = this.#below(WORKERS - 1);
        // Always one that comes later: they must not wait for each other.
        const second = first + 1 + this.#below(WORKERS - 1 - first);
        useAll(this.open, this.#workers[first]!, this.#workers[second]!);
      }
      do await setImmediate();
      while (this.open.size > MOST_OPEN && !isDone());
      one.end();
    }
  }

  async #drain(): Promise<void> {
    const asked = (async () => {
      while (this.open.size > 0) await setImmediate();
    })();
    await this.system.deadline(asked, 20_000).catch(() => {
      throw new Error(`still open: ${this.open.list().join(", ")}`);
    });
    for (const worker of this.#workers) {
      await this.system.deadline(worker.value(), 20_000);
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #noteThreads(): void {
    const pool = cellOf(this.#poolRef).incarnation?.lastState as Pool | undefined;
    for (let index = 0; index < SIZE; index++) {
      const at = pool?.at(index);
      if (at === undefined || this.#seen.has(at)) continue;
      this.#seen.add(at);
      this.#threads.set(this.#threads.size, new WeakRef(at));
    }
  }

  /** Threads of the pool that somebody still holds, dead or alive. */
  get threadsHeld(): number {
    let held = 0;
    for (const ref of this.#threads.values()) if (ref.deref() !== undefined) held++;
    return held;
  }

  get threadsSeen(): number {
    return this.#threads.size;
  }

  /** Monitors and links that did not tell exactly once. */
  get wronglyTold(): string[] {
    const { monitors, links } = this.told;
    return [...notOnce("monitor", monitors), ...notOnce("link", links)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.stop();
  }
}

function notOnce(what: string, all: Map<number, number>): string[] {
  return [...all].filter(([, times]) => times !== 1).map(([key, n]) => `${what} ${key}: ${n}`);
}
