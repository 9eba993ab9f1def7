import { ActorFailedError } from "troupe";
import type { JobOutcome, PoolEvent, PoolStats } from "troupe/pool";
import type { Facts } from "./actors.ts";

/** Collects what became of the files, and says it at the end. */
export class Report {
  readonly #dir: string;
  readonly #failed: string[] = [];
  readonly #byHash = new Map<string, string[]>();
  readonly #workMs: number[] = [];
  readonly #since: number[] = [];
  #bytes = 0;
  #words = 0;

  constructor(dir: string, workers: number) {
    this.#dir = dir;
    this.#workMs = Array.from({ length: workers }, () => 0);
  }

  /** Takes the time of each worker. */
  hear(event: PoolEvent): void {
    if (event.type === "begun") this.#since[event.worker] = performance.now();
    else if (event.type === "done" || event.type === "failed" || event.type === "retried") {
      const { worker } = event;
      this.#workMs[worker] = (this.#workMs[worker] ?? 0) + performance.now() - this.#since[worker]!;
    }
  }

  add(outcome: JobOutcome<string, Facts>): void {
    const name = outcome.job.body.replace(`${this.#dir}/`, "");
    if (outcome.status !== "done") {
      this.#failed.push(`${outcome.status}: ${name}: ${this.#why(outcome.error)}`);
      return;
    }
    const { bytes, words, sha256 } = outcome.result;
    this.#bytes += bytes;
    this.#words += words;
    const same = this.#byHash.get(sha256);
    if (same === undefined) this.#byHash.set(sha256, [name]);
    else same.push(name);
  }

  /** What the worker died of says more than that it did. */
  #why(error: unknown): string {
    const { message } = (error instanceof ActorFailedError ? error.cause : error) as Error;
    return message.replace(`${this.#dir}/`, "");
  }

  lines(stats: PoolStats): readonly string[] {
    const same = [...this.#byHash.values()].filter(({ length }) => length > 1);
    const discarded = Object.values(stats.discarded).reduce((sum, each) => sum + each, 0);
    return [
      ...this.#failed.toSorted(),
      ...same.map((names) => `the same: ${names.toSorted().join(", ")}`),
      `${this.#bytes.toLocaleString("en")} bytes, ${this.#words.toLocaleString("en")} words`,
      `${stats.done} done, ${stats.failed} failed, ${discarded} discarded; ${stats.retried} tried again`,
      ...this.#workMs.map((ms, worker) => `worker ${worker} was busy for ${ms.toFixed(0)} ms`),
    ];
  }
}
