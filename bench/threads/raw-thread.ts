/* oxlint-disable unicorn/require-post-message-target-origin -- a thread has no origin: that is for windows of browsers */
import { Worker } from "node:worker_threads";
import { threadFile } from "../paths.ts";
import type { Role } from "./raw-worker.ts";

/** A thread without a library: the least that it takes to have something done in another one. */
export class RawThread<Request, Answer> {
  readonly #worker: Worker;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  constructor(role: Role) {
    this.#worker = new Worker(threadFile("raw-worker"), { workerData: { role } });
    this.#worker.on("message", (answer: Answer) => this.#waiting.shift()?.(answer));
    // A bench that is done does not wait for its threads.
    this.#worker.unref();
  }

  post(request: Request): void {
    this.#worker.postMessage(request);
  }

  /** Answers come in the order of the questions. */
  ask(request: Request): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage(request);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
