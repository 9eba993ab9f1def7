import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Said } from "./server-process.ts";
import type { ServerName } from "./servers.ts";

/** A server in a process of its own, so that its core is what is measured. */
export class Server implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.port = port;
  }

  /** Resolves when it listens. */
  static async start(name: ServerName): Promise<Server> {
    const child = fork(new URL("./server-process.js", import.meta.url), [name], {
      env: { ...process.env, NODE_ENV: "production" },
      execArgv: [],
    });
    const [said] = (await once(child, "message")) as [Said];
    if (!("port" in said)) throw new Error(`${name} did not say where it listens`);
    return new Server(child, said.port);
  }

  /** Time that the process has taken of its core so far, in ns. */
  async cpuNs(): Promise<number> {
    this.#process.send("cpu");
    const [said] = (await once(this.#process, "message")) as [Said];
    return "cpu" in said ? said.cpu * 1_000 : Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#process, "exit");
    this.#process.disconnect();
    await gone;
  }
}
