import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { Client } from "../../net/client.ts";

const MAIN = fileURLToPath(new URL("../../../.build/examples/kv/main.js", import.meta.url));

/** A directory for one test's data, gone at the end of the scope. */
export class TemporaryDirectory implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<TemporaryDirectory> {
    return new TemporaryDirectory(await mkdtemp(join(tmpdir(), "kv-")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The example server as it is built, in a process of its own on a free port. */
export class KvServer implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #output: { text: string };
  readonly #exit: Promise<unknown[]>;

  private constructor(
    process: ChildProcess,
    port: number,
    output: { text: string },
    exit: Promise<unknown[]>,
  ) {
    this.#process = process;
    this.port = port;
    this.#output = output;
    this.#exit = exit;
  }

  /** Rejects with what the server said when it did not start. */
  static start(dir: string, ...options: readonly string[]): Promise<KvServer> {
    return KvServer.startUnder([], dir, ...options);
  }

  /** Starts it by way of another command, which is to become the server. */
  static async startUnder(
    command: readonly string[],
    dir: string,
    ...options: readonly string[]
  ): Promise<KvServer> {
    const server = [process.execPath, MAIN, "--port", "0", "--dir", dir, ...options];
    const [program, ...args] = [...command, ...server];
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
    const output = { text: "" };
    const exit = once(child, "exit");
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => (output.text += text));
    }
    let over = false;
    void exit.then(() => (over = true));
    for (;;) {
      const port = /listening on \S+:(\d+)/.exec(output.text)?.[1];
      if (port !== undefined) return new KvServer(child, Number(port), output, exit);
      if (over) throw new Error(output.text);
      await Promise.race([exit, once(child.stdout, "data"), once(child.stderr, "data")]);
    }
  }

  /** All that the server has printed. */
  get output(): string {
    return this.#output.text;
  }

  /** Sends bytes on a connection of their own and returns all that comes back until it is closed. */
  async answers(request: string): Promise<string> {
    await using client = await Client.open(this.port);
    client.send(request);
    await client.closed;
    return client.received;
  }

  /** Ends the process; resolves with its exit code or the signal that ended it. */
  async end(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): Promise<unknown> {
    this.#process.kill(signal);
    const [code, by] = await this.#exit;
    return code ?? by;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }
}

/** Starts servers whose shards run on so many threads. */
export function startOn(threads: number): typeof KvServer.start {
  return (dir, ...options) => KvServer.start(dir, "--threads", String(threads), ...options);
}

/** A client that tells of every failure, in place of trying again. */
export function redisTo({ port }: KvServer): Redis & Disposable {
  const redis = new Redis({ port, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  return Object.assign(redis, { [Symbol.dispose]: () => redis.disconnect() });
}
