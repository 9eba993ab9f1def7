import { started, type Ref } from "troupe";
import { createTestSystem, type TestKit } from "troupe/testing";
import { kvApp } from "../../../examples/kv/app.ts";
import { DataDirectory } from "../../../examples/kv/data-directory.ts";
import type { Files } from "../../../examples/kv/files.ts";
import type { SyncPolicy } from "../../../examples/kv/journal.ts";
import type { MemoryConnection } from "../../../examples/kv/memory-connection.ts";
import { inMemory, type MemoryListener } from "../../../examples/kv/memory-listener.ts";

interface Options {
  readonly sync?: SyncPolicy;
  readonly shards?: number;
  readonly rewriteBytes?: number;
}

/** The example server without sockets, on virtual time and on files of the test's. */
export class MemoryServer implements AsyncDisposable {
  readonly kit: TestKit = createTestSystem();
  readonly #listener: Ref<MemoryListener>;

  private constructor(files: Files, options: Options) {
    const { sync = "everysec", shards = 1, rewriteBytes = 1_000_000 } = options;
    const directory = new DataDirectory(files, "/var/kv", shards);
    const address = { host: "memory", port: 6399 };
    const { system } = this.kit;
    const app = system.spawn(
      kvApp(system, { ...address, directory, sync, rewriteBytes }, inMemory),
    );
    this.#listener = app.child("listener");
  }

  static async start(files: Files, options: Options = {}): Promise<MemoryServer> {
    const server = new MemoryServer(files, options);
    await started(server.#listener);
    return server;
  }

  connect(): Promise<MemoryConnection> {
    return this.#listener.connect();
  }

  /** Lets everybody do what can be done without time passing. */
  async run(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await this.kit.run();
  }

  get warnings(): string[] {
    return this.kit.log.filter(({ level }) => level === "warn").map(({ message }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kit.stop();
  }
}
