import {
  attachWorker,
  makeWorker,
  sharedIntegers,
  type HostWorker,
  type ResourceLimits,
  type WorkerEnd,
  type WorkerInit,
} from "../world/workers.ts";
import { Alarm } from "../kernel/alarm.ts";
import { ThreadError } from "../kernel/errors.ts";
import { KILLED, show, type ExitReason } from "../kernel/exit-reason.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { shareWith } from "../peer/common.ts";
import { Peer } from "../peer/peer.ts";
import { StandIns } from "../peer/stand-ins.ts";
import type { Batch, Transport } from "../peer/transport.ts";
import { ActorNames } from "./actor-names.ts";
import { CONTROL_SIZE, WAITING, type Control } from "./control.ts";
import { HELLO, type Greeting } from "./greeting.ts";
import { hearReports } from "./reports.ts";

/** What a thread is made from. */
export interface ThreadOptions {
  readonly name: string;
  /** Where its module is, for errors. */
  readonly url: string;
  /** Makes the host's worker, where a bundler has to see how. */
  readonly make: ((init: WorkerInit) => unknown) | undefined;
  readonly host: HostOptions;
  readonly window: number;
  readonly beatMs: number;
  /** Time in which the module must have been loaded, in ms. */
  readonly startTimeout: number;
}

/** What is passed on to the host's worker. */
export interface HostOptions {
  readonly resourceLimits?: ResourceLimits;
  readonly env?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
  readonly execArgv?: readonly string[];
}

/** Hosts that lose what comes too early are greeted again. */
const GREET_AGAIN_MS = 20;

/**
 * A thread, and the actors that run on it, as the thread that started it sees them.
 *
 * ```text
 *   starting ──hello──► running ──► ended: exited, threw, out of memory, terminated
 * ```
 *
 * Actors may be put on it, and sent to, from the first moment: what they are sent goes when the
 * thread says that it listens. When it ends, for whatever reason, all that ran there has ended.
 */
export class Thread implements Transport {
  readonly name: string;
  readonly peer: Peer;
  readonly standIns: StandIns;
  readonly control: Control | undefined;
  readonly actorNames: ActorNames;
  readonly startedAt: number;
  readonly #kernel: Kernel;
  readonly #options: ThreadOptions;
  readonly #worker: HostWorker;
  readonly #onEnd: (thread: Thread, error: ThreadError) => void;
  readonly #startLimit: Alarm;
  #greetAgain: Alarm | null = null;
  /** What is to go when the thread listens; null when it does. */
  #early: { readonly batch: Batch; readonly transfers: readonly object[] }[] | null = [];
  /** Why it is about to end, where that was decided here. */
  #sentence: { readonly reason: ExitReason; readonly error: ThreadError } | null = null;
  status: "starting" | "running" | "ended" = "starting";

  constructor(
    kernel: Kernel,
    options: ThreadOptions,
    onEnd: (thread: Thread, error: ThreadError) => void,
  ) {
    this.#kernel = kernel;
    this.#options = options;
    this.#onEnd = onEnd;
    this.name = options.name;
    this.control = sharedIntegers(CONTROL_SIZE);
    this.startedAt = kernel.world.now();
    this.peer = new Peer(kernel, this, { name: this.name, window: options.window });
    this.standIns = new StandIns(this.peer);
    this.actorNames = new ActorNames(this.peer);
    shareWith(this.peer, true);
    hearReports(this.peer);
    this.#startLimit = new Alarm(() => this.#startedTooLate());
    kernel.wheel.set(this.#startLimit, options.startTimeout);
    this.#worker = this.#start();
  }

  #start(): HostWorker {
    const { make, url, host, name } = this.#options;
    const greeting = { troupe: this.#greeting() };
    const init: WorkerInit = { ...host, type: "module", name, workerData: greeting };
    const worker = attachWorker(make === undefined ? makeWorker(url, init) : make(init), {
      onMessage: (message) => this.#hear(message),
      onEnd: (end) => this.#ended(end),
    });
    this.#greet(worker, greeting);
    return worker;
  }

  /** Until it answers; in Node it has been told by then, and takes no notice. */
  #greet(worker: HostWorker, greeting: object): void {
    if (this.status !== "starting") return;
    worker.post(greeting, []);
    this.#greetAgain = new Alarm(() => this.#greet(worker, greeting));
    this.#kernel.wheel.set(this.#greetAgain, GREET_AGAIN_MS);
  }

  #greeting(): Greeting {
    const { name, root, scope, callTimeout, capacity } = this.#kernel;
    const { window, beatMs } = this.#options;
    return {
      name: `${name}/${this.name}`,
      root,
      development: scope !== undefined,
      callTimeout,
      capacity,
      window,
      control: this.control,
      beatMs,
    };
  }

  #hear(message: unknown): void {
    if (this.status === "ended") return;
    if (Array.isArray(message)) this.peer.receive(message as unknown as Batch);
    else if (message === HELLO) this.#hello();
  }

  #hello(): void {
    this.status = "running";
    this.#stopWaiting();
    const early = this.#early ?? [];
    this.#early = null;
    for (const { batch, transfers } of early) this.#worker.post(batch, transfers);
    const { events, world } = this.#kernel;
    if (events.wants("threadStarted")) {
      const tookMs = world.now() - this.startedAt;
      events.emit({ type: "threadStarted", thread: this.name, tookMs });
    }
  }

  #stopWaiting(): void {
    const { wheel } = this.#kernel;
    wheel.cancel(this.#startLimit);
    if (this.#greetAgain !== null) wheel.cancel(this.#greetAgain);
  }

  post(batch: Batch, transfers: readonly object[]): void {
    if (this.#early === null) this.#worker.post(batch, transfers);
    else this.#early.push({ batch, transfers });
  }

  #startedTooLate(): void {
    const { startTimeout, url } = this.#options;
    const what = `did not load ${url} within ${startTimeout} ms, or the module never calls register({ … })`;
    void this.terminate({ kind: "failed", error: undefined }, what);
  }

  /** Ends it at once, whatever it does; `what` says why, as in `was blocked for 5000 ms`. */
  async terminate(reason: ExitReason, what: string): Promise<void> {
    if (this.status === "ended" || this.#sentence !== null) return;
    const error = new ThreadError(this.name, what);
    this.#sentence = {
      reason: reason.kind === "failed" ? { kind: "failed", error } : reason,
      error,
    };
    // All that waits for it hears now: the host may take its time.
    this.#close(this.#sentence.reason, error);
    await this.#worker.terminate();
  }

  #ended(end: WorkerEnd): void {
    if (this.#sentence !== null) return;
    const error = new ThreadError(this.name, this.#describe(end), causeOf(end));
    this.#close({ kind: "failed", error }, error);
  }

  #describe({ error, code }: WorkerEnd): string {
    const { url } = this.#options;
    const isReady = this.status !== "starting";
    if (error !== undefined) {
      return isReady ? `has ended: ${show(error)}` : `could not load ${url}: ${show(error)}`;
    }
    if (isReady)
      return `has ended by itself${code === undefined ? "" : `, with exit code ${code}`}`;
    return `ended before it was ready: ${url} has to call register({ … }) of troupe/threads, and a \`worker\` function has to pass its options on to new Worker`;
  }

  #close(reason: ExitReason, error: ThreadError): void {
    const actors = this.standIns.size;
    const lost = this.peer.window.underWay + (this.control?.[WAITING] ?? 0);
    const wasReady = this.status === "running";
    this.status = "ended";
    this.#stopWaiting();
    this.#early = null;
    const { events } = this.#kernel;
    if (events.wants("threadEnded")) {
      events.emit({ type: "threadEnded", thread: this.name, reason, error, actors, lost });
    }
    this.#kernel.stats.deadLetters += this.control?.[WAITING] ?? 0;
    this.wasReady = wasReady;
    // First: what has failed with it is begun anew at once, and not on this one.
    this.#onEnd(this, error);
    this.peer.close(reason, error);
  }

  /** It has said hello, before it ended. */
  wasReady = false;

  /** Kills it: its actors end as killed. */
  kill(what: string): void {
    void this.terminate(KILLED, what);
  }
}

function causeOf({ error }: WorkerEnd): ErrorOptions | undefined {
  return error === undefined ? undefined : { cause: error };
}
