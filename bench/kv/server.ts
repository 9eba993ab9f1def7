import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What to start: told where to listen, and where its files may be. */
export type CommandLine = (port: number, dir: string) => readonly [string, ...string[]];

/** Tries to reach a server that starts, 20 ms apart. */
const TRIES = 250;
/** Time to end by itself; a profile of some seconds takes half of one to write. */
const LAST_MS = 10_000;

/** A server in a process of its own, with a free port and a directory that goes with it. */
export class Server implements AsyncDisposable {
  readonly port: number;
  /** Time that the start took, in ms. */
  readonly startMs: number;
  readonly #process: ChildProcess;
  readonly #dir: string;

  private constructor(child: ChildProcess, port: number, dir: string, startMs: number) {
    this.#process = child;
    this.port = port;
    this.#dir = dir;
    this.startMs = startMs;
  }

  /** Resolves when it accepts connections. */
  static async start(commandLine: CommandLine): Promise<Server> {
    const dir = await mkdtemp(join(tmpdir(), "troupe-kv-"));
    const port = await freePort();
    const [program, ...args] = commandLine(port, dir);
    const start = performance.now();
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    const orphan = (): void => void child.kill("SIGKILL");
    process.once("exit", orphan);
    child.once("exit", () => process.off("exit", orphan));
    try {
      await reach(port, child);
    } catch (error) {
      child.kill("SIGKILL");
      await rm(dir, { recursive: true, force: true });
      throw new Error(`${program} did not start`, { cause: error });
    }
    return new Server(child, port, dir, performance.now() - start);
  }

  /** Ends the process, by force if need be. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    const force = setTimeout(() => this.#process.kill("SIGKILL"), LAST_MS);
    this.#process.kill("SIGTERM");
    await gone;
    clearTimeout(force);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  // That of a TCP server that listens.
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function reach(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 1; ; tries++) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      const { exitCode } = child;
      if (exitCode !== null) throw new Error(`it ended with ${exitCode}`, { cause: error });
      if (tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      socket.destroy();
    }
  }
}
