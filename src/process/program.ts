import {
  BadInputError,
  implement,
  KilledError,
  type ActorDef,
  type ActorLog,
  type AnyRef,
  type InitContext,
} from "../index.ts";
import { checkFunction, checkOneOf } from "../kernel/options.ts";
import { createHostWorld } from "../world/host-world.ts";
import type { Child, ProgramExit } from "./child.ts";
import { describeExit, ProgramError } from "./errors.ts";
import { checkRun, launch, type RunOptions } from "./run.ts";

/** A program that is supervised. */
export interface Program {
  pid(): Promise<number>;
  /** Sends it a signal, such as `SIGHUP`. */
  signal(name: NodeJS.Signals): void;
}

/** Which of its streams a line came from. */
export type OutputName = "stdout" | "stderr";

/** What a program is run with, and what it tells by ending. */
export interface ProgramSpec extends Omit<RunOptions, "stdin" | "stdout" | "stderr"> {
  readonly command: string;
  readonly args?: readonly string[];
  /**
   * In labels, logs and errors. Default: the command, in errors with its arguments.
   *
   * Give one where an argument is a secret.
   */
  readonly name?: string;
  /** Exit codes that are no failure. Default 0. */
  readonly okCodes?: readonly number[];
  /**
   * Where its lines go: to the actor's log (default; `info` and `warn`), nowhere, to where this
   * process's go, or to a function, which holds the program up while its promise is pending.
   */
  readonly output?:
    | "log"
    | "ignore"
    | "inherit"
    | ((line: string, from: OutputName) => void | Promise<void>);
  /**
   * The line by which it says that it is ready: the actor has started then. Default: when it runs.
   *
   * Needs an `output` that is read: not `ignore` and not `inherit`.
   */
  readonly ready?: (line: string, from: OutputName) => boolean;
}

const world = createHostWorld();

/** Lines of standard error that an error tells. */
const LAST_LINES = 20;
/** Silence after its end: what it has started may keep its output open for ever. */
const LAST_WORDS_MS = 1_000;

/**
 * Defines an actor that is a program: it starts with it, and ends with it.
 *
 * ```ts
 * const Redis = program({ command: "redis-server", ready: (line) => line.includes("Ready") });
 * const App = supervisor({ children: { redis: { actor: Redis, restart: "permanent" } } });
 * ```
 *
 * Exit code 0 is a normal end. Any other, and a signal, fails the actor with `ProgramError`, so
 * that restarts, backoff and intensity are the supervisor's. When the actor is stopped, its end is
 * the program's: asked to end by `stopSignal`, killed after `killAfterMs`. When the actor is
 * killed, so is the program; it is gone before the next one is run.
 */
export function program<P = void>(
  spec: ProgramSpec | ((props: P) => ProgramSpec),
  name?: string,
): ActorDef<Program, P> {
  if (typeof spec === "object") check(spec);
  else checkFunction("program: spec", spec);
  // Of the program before this one: a killed actor does not wait for its end.
  const before = new WeakMap<AnyRef, Promise<unknown>>();
  return implement<Program>()({
    name: name ?? (typeof spec === "object" ? (spec.name ?? spec.command) : "program"),
    shutdown: "infinity",
    init: async (ctx, props: P) => {
      const given = typeof spec === "function" ? spec(props) : spec;
      if (typeof spec === "function") check(given);
      await before.get(ctx.self);
      return begin(ctx, given, (gone) => before.set(ctx.self, gone));
    },
    call: { pid: (ctx) => ctx.state.child.pid },
    cast: {
      signal(ctx, signal) {
        try {
          ctx.state.child.signal(signal);
        } catch (error) {
          // A caller's mistake, that the program is not to pay for.
          ctx.log.warn("a signal was not sent", { signal, error });
        }
      },
    },
    async exit(ctx) {
      // Where it was not ready yet, it was killed.
      await (ctx.state?.gone() ?? before.get(ctx.self));
    },
  });
}

function check(spec: ProgramSpec): void {
  checkRun("program", spec.command, spec.args ?? [], spec);
  const { output = "log", okCodes = [0] } = spec;
  if (typeof output !== "function") {
    checkOneOf("program: output", output, ["log", "ignore", "inherit"]);
  }
  if (!Array.isArray(okCodes) || !okCodes.every((code) => Number.isInteger(code))) {
    throw new BadInputError("program: okCodes must be a list of whole numbers, such as [0, 3]");
  }
  if (spec.ready === undefined) return;
  checkFunction("program: ready", spec.ready);
  if (spec.output === "ignore" || spec.output === "inherit") {
    throw new BadInputError(
      `program: ready needs to hear ${spec.command}, and its output is "${spec.output}"; make it "log" or a function`,
    );
  }
}

async function begin(
  ctx: InitContext,
  spec: ProgramSpec,
  onStarted: (gone: Promise<unknown>) => void,
): Promise<Listener> {
  const { command, args = [], output = "log", okCodes = [0] } = spec;
  const { signal } = ctx;
  const stream = output === "inherit" || output === "ignore" ? output : "pipe";
  signal.throwIfAborted();
  const options: RunOptions = { ...spec, stdin: "ignore", stdout: stream, stderr: stream };
  const child = await launch(command, args, options, spec.name);
  const listener = new Listener(ctx, spec, child);
  // Of its group, too, where it has one.
  onStarted(child.exited.then(() => child.stop()));
  const leave = (): void => {
    if (signal.reason instanceof KilledError) child.leave(true);
    else void listener.gone();
  };
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  signal.throwIfAborted();
  const { end } = listener;
  if (spec.ready !== undefined)
    await Promise.race([listener.ready, end.then(neverReady(listener))]);
  ctx.task(end, (exit) => {
    if (exit.signal !== null || !okCodes.includes(exit.code ?? 0)) throw listener.failure(exit);
    ctx.stop();
  });
  return listener;
}

function neverReady(listener: Listener): (exit: ProgramExit) => never {
  return (exit) => {
    throw listener.failure(exit, "before it was ready");
  };
}

/** Reads what a program says, to its last words. */
class Listener {
  readonly child: Child;
  /** Resolves when it has said that it is ready. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, and what it had said has been heard. */
  readonly end: Promise<ProgramExit>;
  readonly #log: ActorLog;
  readonly #signal: AbortSignal;
  readonly #spec: ProgramSpec;
  readonly #stderr: string[] = [];
  #isReady = (): void => {};
  /** Lines that came, and calls that are under way. */
  #lines = 0;
  #telling = 0;
  /** Whoever would hear is gone, or has had its time. */
  #deaf = false;

  constructor(ctx: Pick<InitContext, "log" | "signal">, spec: ProgramSpec, child: Child) {
    this.child = child;
    this.#log = ctx.log;
    this.#signal = ctx.signal;
    this.#spec = spec;
    this.ready = new Promise((resolve) => (this.#isReady = resolve));
    this.end = this.#listen();
    // Whoever is left to hear of it, hears of it.
    this.end.catch(() => {});
  }

  async #listen(): Promise<ProgramExit> {
    const { exited } = this.child;
    const read = Promise.all([this.#read("stdout"), this.#read("stderr")]);
    // A listener that throws fails the actor while the program runs.
    const exit = await Promise.race([exited, read.then(() => exited)]);
    const done = new AbortController();
    const heard = read.finally(() => done.abort());
    await Promise.race([heard, this.#silence(done.signal)]);
    this.#deaf = true;
    return exit;
  }

  /** Resolves when nothing has come for a while, or the actor ends and its time is up. */
  async #silence(done: AbortSignal): Promise<void> {
    let ms = 0;
    for (let lines = -1; !done.aborted; lines = this.#lines) {
      const isIdle = this.#telling === 0 && lines === this.#lines;
      const isLate = this.#signal.aborted && ms > (this.#spec.killAfterMs ?? 5_000);
      if (isIdle || isLate) break;
      await wait(LAST_WORDS_MS, done);
      ms += this.#signal.aborted ? LAST_WORDS_MS : 0;
    }
    if (done.aborted) return;
    const { stdout, stderr } = this.child;
    const unreadBytes = stdout.unreadBytes + stderr.unreadBytes;
    if (this.#telling === 0 && unreadBytes === 0) return;
    this.#log.warn("what a program had said was not heard to its end", { unreadBytes });
  }

  /** Asks it to end, and hears it out. */
  async gone(): Promise<void> {
    await this.child.stop();
    await this.end.catch(() => {});
    this.child.leave(false);
  }

  failure(exit: ProgramExit, when = ""): ProgramError {
    const what = `${describeExit(exit)}${when === "" ? "" : ` ${when}`}`;
    return new ProgramError(this.child.command, what, { exit, stderr: this.#stderr });
  }

  async #read(from: OutputName): Promise<void> {
    for await (const line of this.child[from].lines({ whenTooLong: "split" })) {
      if (this.#deaf || this.#signal.reason instanceof KilledError) return;
      this.#lines++;
      if (from === "stderr" && this.#stderr.push(line) > LAST_LINES) this.#stderr.shift();
      if (this.#spec.ready?.(line, from) === true) this.#isReady();
      this.#telling++;
      await this.#tell(line, from);
      this.#telling--;
    }
  }

  #tell(line: string, from: OutputName): void | Promise<void> {
    const { output = "log" } = this.#spec;
    if (typeof output === "function") return output(line, from);
    return from === "stdout" ? this.#log.info(line, { from }) : this.#log.warn(line, { from });
  }
}

/** Resolves after a while, or when it is said that it is done. */
function wait(ms: number, done: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = world.setTimer(ms, resolve);
    const stop = (): void => {
      world.clearTimer(timer);
      resolve();
    };
    done.addEventListener("abort", stop, { once: true });
  });
}
