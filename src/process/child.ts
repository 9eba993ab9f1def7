import type { ChildProcess as HostChild } from "node:child_process";
import host from "node:process";
import { createHostWorld } from "../world/host-world.ts";
import { Group } from "./group.ts";
import { ProgramInput, type Input } from "./input.ts";
import { ProgramOutput, type Output } from "./output.ts";
import { checkSignalName } from "./signal-name.ts";

/** How a program ended: with a code, or by a signal; the other one is null. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that runs for an actor, and no longer than its incarnation. */
export interface ChildProcess {
  readonly pid: number;
  /** As it was given: the command and its arguments. */
  readonly command: string;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Resolves when it has ended, however. There may still be output to read. */
  readonly exited: Promise<ProgramExit>;
  /** How it ended; undefined while it runs. */
  readonly exit: ProgramExit | undefined;
  /** Sends a signal, to its whole group where it has one. Answers false where it has ended. */
  signal(name: NodeJS.Signals): boolean;
  /**
   * Asks it to end with the stop signal, and after `killAfterMs` makes it.
   *
   * Resolves at its end, and that of its group where it has one.
   */
  stop(): Promise<ProgramExit>;
}

/** How a program is ended. */
export interface StopOptions {
  /** What it is asked to end with. Default `SIGTERM`. */
  readonly stopSignal?: NodeJS.Signals;
  /** The time it has then, in ms; it is killed after that. Default 5,000. */
  readonly killAfterMs?: number;
  /**
   * Gives it a process group of its own, which is ended with it. Default false.
   *
   * For a shell, and for programs that start others. Signals go to all of the group; when the
   * program has ended, the others are asked to end, and after `killAfterMs` killed. Ctrl+C in a
   * terminal does not reach them then.
   */
  readonly group?: boolean;
}

/** A program's time is the host's, also where that of the actors is not. */
const world = createHostWorld();

/** Those that run: this process may end without its actors having been stopped. */
const running = new Set<Child>();
let listens = false;

function noteRunning(child: Child): void {
  running.add(child);
  if (listens) return;
  listens = true;
  host.once("exit", () => {
    for (const each of running) each.signal(each.stopSignal);
  });
}

/** A program over the host's own child process. */
export class Child implements ChildProcess {
  readonly command: string;
  readonly pid: number;
  readonly stdin: ProgramInput;
  readonly stdout: ProgramOutput;
  readonly stderr: ProgramOutput;
  readonly exited: Promise<ProgramExit>;
  /** Resolves when it has ended, and nobody has its output open any more. */
  readonly closed: Promise<void>;
  readonly stopSignal: NodeJS.Signals;
  exit: ProgramExit | undefined;
  readonly #host: HostChild;
  readonly #killAfterMs: number;
  readonly #group: Group | null;
  readonly #gone: Promise<ProgramExit>;
  #stopping = false;
  /** Its owner is gone: nobody reads what it still says. */
  #left = false;

  constructor(command: string, child: HostChild, options: StopOptions) {
    this.command = command;
    // The host has told that it was started.
    this.pid = child.pid!;
    this.#host = child;
    this.stopSignal = options.stopSignal ?? "SIGTERM";
    this.#killAfterMs = options.killAfterMs ?? 5_000;
    this.#group = options.group === true ? new Group(this.pid) : null;
    this.stdin = new ProgramInput(child.stdin);
    this.stdout = new ProgramOutput(`stdout of ${command}`, child.stdout);
    this.stderr = new ProgramOutput(`stderr of ${command}`, child.stderr);
    noteRunning(this);
    // As when it may not be sent a signal: `signal` answers that.
    child.on("error", () => {});
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        running.delete(this);
        this.exit = { code, signal };
        if (this.#left) this.#close();
        resolve(this.exit);
      });
    });
    this.closed = new Promise((resolve) => child.once("close", () => resolve()));
    this.#gone = this.exited.then(async (exit) => {
      if (!this.#stopping) this.#group?.signal(this.stopSignal);
      await this.#group?.end(this.#killAfterMs);
      return exit;
    });
  }

  signal(name: NodeJS.Signals): boolean {
    checkSignalName(`signal to ${this.command}`, name ?? "none");
    if (this.exit !== undefined) return false;
    return this.#group === null ? this.#host.kill(name) : this.#group.signal(name);
  }

  stop(): Promise<ProgramExit> {
    if (this.exit === undefined && !this.#stopping) {
      this.#stopping = true;
      this.signal(this.stopSignal);
      const limit = world.setTimer(this.#killAfterMs, () => this.signal("SIGKILL"));
      void this.exited.then(() => world.clearTimer(limit));
    }
    return this.#gone;
  }

  /** Its owner is gone: ends it, and throws away what it still says. */
  leave(killed: boolean): void {
    this.#left = true;
    this.stdout.leave();
    this.stderr.leave();
    this.stdin.end();
    if (killed) this.kill();
    else void this.stop();
    if (this.exit !== undefined) this.#close();
  }

  kill(): void {
    this.#stopping = true;
    this.signal("SIGKILL");
  }

  /** Also where programs that it has started have its pipes open. */
  #close(): void {
    this.stdin.close();
    this.stdout.close();
    this.stderr.close();
  }
}
