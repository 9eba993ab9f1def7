import {
  attachWorker,
  isWorker,
  makeWorker,
  sharedIntegers,
  type HostWorker,
  type ResourceLimits,
  type WorkerEnd,
  type WorkerInit,
} from "../world/workers.ts";
import { copyForThread } from "../world/copy.ts";
import { Alarm } from "../kernel/alarm.ts";
import type { Cell } from "../kernel/cell.ts";
import { BadInputError, ThreadError } from "../kernel/errors.ts";
import { describe, KILLED, show, type ExitReason } from "../kernel/exit-reason.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { shareWith } from "../peer/common.ts";
import { Peer } from "../peer/peer.ts";
import { StandIns } from "../peer/stand-ins.ts";
import type { Batch, Transport } from "../peer/transport.ts";
import { ActorNames } from "./actor-names.ts";
import { ARRIVED, CONTROL_SIZE, WAITING, WANTED, type Control } from "./control.ts";
import { HELLO, type Greeted, type Greeting } from "./greeting.ts";
import { Heartbeat } from "./heartbeat.ts";
import { bulkyWanted, hearReports } from "./reports.ts";

/** What a thread is made from. */
export interface ThreadOptions {
  readonly name: string;
  /** Where its module is, for errors. */
  readonly url: string;
  /** Makes the host's worker, where a bundler has to see how. */
  readonly make: ((init: WorkerInit) => unknown) | undefined;
  readonly host: Pick<WorkerInit, keyof HostOptions>;
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

interface Posted {
  readonly batch: Batch;
  readonly transfers: readonly object[];
}

/** Hears of a thread's end, before those that wait for what runs there do. */
export type OnEnd = (
  thread: Thread,
  how: { readonly reason: ExitReason; readonly error: ThreadError },
) => void;

const WORKER = '(options) => new Worker(new URL("./actors.js", import.meta.url), options)';
/** Of an address, so much is shown: bundlers make `data:` URLs of whole files. */
const SHOWN_OF_URL = 120;

/** Hosts that lose what comes too early are greeted again. */
const GREET_AGAIN_MS = 20;
/** A thread that runs the actor that is to be killed has so long to be done with it. */
const PATIENCE_MS = 100;
/** Where nobody knows what it runs, it may be that a busy machine lets it run nothing at all. */
const LONG_PATIENCE_MS = 1_000;

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
  readonly heartbeat: Heartbeat;
  readonly #control: Control | undefined;
  readonly #actorNames: ActorNames;
  readonly #startedAt: number;
  readonly #kernel: Kernel;
  readonly #options: ThreadOptions;
  readonly #worker: HostWorker;
  readonly #onEnd: OnEnd;
  readonly #startLimit: Alarm;
  #greetAgain: Alarm | null = null;
  /** An actor there is to be killed, and it is still to be asked whether it sees to that. */
  #isUrged = false;
  readonly #toKill = new Set<string>();
  /** The last question of that sort, and when it was asked. */
  #urgent = 0;
  #urgedAt = 0;
  /** Looks whether there is an answer. */
  #urge: Alarm | null = null;
  /** What is to go when the thread listens, of which messages are under the window's bound; null when it does. */
  #early: Posted[] | null = [];
  /** Resolves when the host's worker is gone, after `terminate`. */
  #gone: Promise<void> = Promise.resolve();
  status: "starting" | "running" | "ended" = "starting";
  /** It has said hello, before it ended. */
  wasReady = false;

  /** Throws `ThreadError` where the host refuses, and `BadInputError` where `worker` makes none. */
  constructor(kernel: Kernel, options: ThreadOptions, onEnd: OnEnd) {
    this.#kernel = kernel;
    this.#options = options;
    this.#onEnd = onEnd;
    this.name = options.name;
    this.#control = sharedIntegers(CONTROL_SIZE);
    this.#startedAt = kernel.world.now();
    this.peer = new Peer(kernel, this, { name: this.name, window: options.window });
    this.standIns = new StandIns(this.peer);
    this.heartbeat = new Heartbeat(this.peer, this.#control);
    this.#actorNames = new ActorNames(
      this.peer,
      (id) => this.standIns.cells().find((cell) => cell.id === id)?.label,
    );
    const greeting = { troupe: this.#greeting() };
    this.#worker = this.#start(greeting);
    shareWith(this.peer, true);
    hearReports(this.peer);
    this.#startLimit = new Alarm(() => this.#startedTooLate());
    kernel.wheel.set(this.#startLimit, options.startTimeout);
    this.#greet(greeting);
  }

  #start(greeting: Greeted): HostWorker {
    return attachWorker(this.#make(greeting), {
      onMessage: (message) => this.#hear(message),
      onEnd: (end) => this.#ended(end),
    });
  }

  #make(greeting: Greeted): unknown {
    const { make, url, host, name } = this.#options;
    const init: WorkerInit = { ...host, type: "module", name, workerData: greeting };
    let made: unknown;
    try {
      made = make === undefined ? makeWorker(url, init) : make(init);
    } catch (cause) {
      const who = make === undefined ? "" : "its `worker` function threw ";
      throw new ThreadError(name, `could not be made: ${who}${show(cause)}`, { cause });
    }
    if (isWorker(made)) return made;
    throw new BadInputError(
      `${name}: its \`worker\` function returned ${describe(made)}; it must return the worker that it makes: ${WORKER}`,
    );
  }

  /** Until it answers; in Node it has been told by then, and takes no notice. */
  #greet(greeting: Greeted): void {
    this.#worker.post(greeting, []);
    this.#greetAgain = new Alarm(() => this.#greet(greeting));
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
      control: this.#control,
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
    this.wasReady = true;
    this.#stopWaiting();
    const early = this.#early ?? [];
    this.#early = null;
    for (const { batch, transfers } of early) this.#worker.post(batch, transfers);
    const { events, world } = this.#kernel;
    if (events.wants("threadStarted")) {
      const tookMs = world.now() - this.#startedAt;
      events.emit({ type: "threadStarted", thread: this.name, tookMs });
    }
    if (this.#isUrged) this.#askUrgently();
  }

  #stopWaiting(): void {
    const { wheel } = this.#kernel;
    wheel.cancel(this.#startLimit);
    if (this.#greetAgain !== null) wheel.cancel(this.#greetAgain);
  }

  post(batch: Batch, transfers: readonly object[]): void {
    // Whatever is told of because of this is told as it is wanted now.
    if (this.#control !== undefined) this.#control[WANTED] = bulkyWanted(this.#kernel.events);
    if (this.#early === null) this.#worker.post(batch, transfers);
    // As it is now; and what cannot be copied is to be heard of here, as it would be later.
    else this.#early.push(copyForThread<Posted>({ batch, transfers }, transfers));
  }

  #startedTooLate(): void {
    const { startTimeout } = this.#options;
    const what = `was not ready within ${startTimeout} ms: ${this.#module} is still loading, or never calls register({ … })`;
    void this.terminate({ kind: "failed", error: undefined }, what);
  }

  get #module(): string {
    const { make, url } = this.#options;
    if (make !== undefined) return "the file of its `worker` function";
    return url.length > SHOWN_OF_URL ? `${url.slice(0, SHOWN_OF_URL)}…` : url;
  }

  /**
   * Ends it at once, whatever it does; `what` says why, as in `was blocked for 5000 ms`.
   *
   * Resolves when the host says that it is gone. All that waits for it hears now, whether or not it
   * was ended for another reason before.
   */
  terminate(reason: ExitReason, what: string): Promise<void> {
    if (this.status === "ended") return this.#gone;
    const error = new ThreadError(this.name, what);
    // Hosts may tell of its end before this returns.
    this.status = "ended";
    const gone = this.#worker.terminate();
    this.#gone = gone;
    const { leaving } = this.#kernel;
    leaving.add(gone);
    void gone.then(() => leaving.delete(gone));
    this.#close(reason.kind === "failed" ? { kind: "failed", error } : reason, error, gone);
    return gone;
  }

  /** Kills it: its actors end as killed. */
  kill(what: string): void {
    void this.terminate(KILLED, what);
  }

  /**
   * An actor there is to be killed, and nobody there sees to it while it holds the thread.
   *
   * Where another one does, it waits, as here it would: that one's neighbours are not to pay for it.
   */
  killIfHeldBy(cell: Cell): void {
    this.#toKill.add(cell.label);
    if (this.#isUrged) return;
    this.#isUrged = true;
    // Nothing runs there before it is ready, and what it is to do first waits in line.
    if (this.status === "running") this.#kernel.world.defer(() => this.#askUrgently());
  }

  /** Said behind all that was said in this turn: who has read it has killed whom it was to kill. */
  #askUrgently(): void {
    this.#isUrged = false;
    if (this.status !== "running") return;
    this.#urgent = this.heartbeat.ask();
    this.#urgedAt = this.#kernel.world.now();
    if (this.#urge === null) this.#waitForAnswer();
  }

  #waitForAnswer(): void {
    const { wheel, world } = this.#kernel;
    const asked = this.#urgent;
    // Where the answer is a message, it may have come, and not have been read yet.
    this.#urge = new Alarm(() => world.yieldToHost(() => this.#killUnlessAnswered(asked)));
    wheel.set(this.#urge, PATIENCE_MS);
  }

  #killUnlessAnswered(asked: number): void {
    this.#urge = null;
    if (this.status === "ended") return;
    if (this.heartbeat.hasAnswered(this.#urgent)) return this.#toKill.clear();
    const { by, suspect } = this.atWork();
    const holder = by ?? suspect;
    if (this.heartbeat.hasAnswered(asked) || !this.#mayKill(by, holder)) {
      return this.#waitForAnswer();
    }
    const culprit = holder === null ? "" : ` by ${holder}`;
    this.kill(`was blocked${culprit}, and an actor on it was to be killed`);
  }

  /** Whether whoever holds the thread is to be killed, or nobody knows who that is. */
  #mayKill(by: string | null, holder: string | null): boolean {
    if (by !== null && this.#toKill.has(by)) return true;
    if (holder !== null && !this.#toKill.has(holder) && this.#isBody(holder)) return false;
    return this.#kernel.world.now() - this.#urgedAt >= LONG_PATIENCE_MS;
  }

  /** Not a child that one of them has there: whose that is, nobody here knows. */
  #isBody(label: string): boolean {
    return this.standIns.cells().some((cell) => cell.label === label);
  }

  /** Whose turn it is there, and where it is no actor's, who may run behind an `await`. */
  atWork(): { readonly by: string | null; readonly suspect: string | null } {
    const control = this.#control;
    if (control === undefined) return { by: null, suspect: null };
    const by = this.#actorNames.atWork(control);
    return { by, suspect: by === null ? this.#actorNames.sleeper(control) : null };
  }

  #ended(end: WorkerEnd): void {
    if (this.status === "ended") return;
    const error = new ThreadError(this.name, this.#describe(end), causeOf(end));
    this.#close({ kind: "failed", error }, error, null);
  }

  #describe({ error, code }: WorkerEnd): string {
    if (this.status === "running") {
      if (error !== undefined) return `has ended: ${show(error)}`;
      return `has ended by itself${code === undefined ? "" : `, with exit code ${code}`}`;
    }
    if (error !== undefined) {
      return `could not load ${this.#module}: ${show(error)}; where a bundler made this program, it has to bundle that file, too`;
    }
    const lost =
      this.#options.make === undefined
        ? ""
        : `, or the function does not pass on its options, workerData among them: ${WORKER}`;
    return `ended before it was ready: ${this.#module} does not call register({ … }) of troupe/threads${lost}`;
  }

  /** `gone` is when its code runs no more, where that is still to come. */
  #close(reason: ExitReason, error: ThreadError, gone: Promise<void> | null): void {
    const actors = this.standIns.size;
    const waiting = this.#countWaiting();
    const lost = this.peer.window.underWay + waiting;
    this.status = "ended";
    this.#stopWaiting();
    if (this.#urge !== null) this.#kernel.wheel.cancel(this.#urge);
    this.#early = null;
    const { events, stats } = this.#kernel;
    if (events.wants("threadEnded")) {
      events.emit({ type: "threadEnded", thread: this.name, reason, error, actors, lost });
    }
    stats.deadLetters += waiting;
    // First: what has failed with it is begun anew at once, and not on this one.
    this.#onEnd(this, { reason, error });
    this.peer.close(reason, error, gone);
  }

  /** Messages that wait there; what has arrived is under way no more, though that was not said yet. */
  #countWaiting(): number {
    const control = this.#control;
    if (control === undefined) return 0;
    const { window } = this.peer;
    const unsaid = (Atomics.load(control, ARRIVED) - window.ackedInAll) | 0;
    window.underWay = Math.max(0, window.underWay - unsaid);
    return Math.max(0, Atomics.load(control, WAITING));
  }
}

function causeOf({ error }: WorkerEnd): ErrorOptions | undefined {
  return error === undefined ? undefined : { cause: error };
}
