import type { Mistake } from "./mistake.ts";

export const streamsMistakes: readonly Mistake[] = [
  {
    name: "a stream that its reader leaves goes on",
    why: "the writer is disowned, and its iterator not told",
    file: "src/kernel/streams.ts",
    find: `    this.#owner.disown(this);
    this.release();
  }`,
    replace: `    this.#owner.disown(this);
  }`,
    model: "streams",
  },
  {
    name: "a source asks for the next item while the last is being handled",
    why: "an async handler was taken for a quick one",
    file: "src/kernel/sources.ts",
    find: `    if (isThenable(result)) return result.then(() => this.pull(), failed);
    this.pull();`,
    replace: `    this.pull();
    if (isThenable(result)) return result.then(undefined, failed);`,
    model: "streams",
  },
  {
    name: "an item that a source has sent before it was closed is handled after",
    why: "closing ends the iterator, and an item may be in the mailbox",
    file: "src/kernel/sources.ts",
    find: `    if (this.#over) return undefined;
    const failed`,
    replace: `    const failed`,
    model: "streams",
  },
  {
    name: "a reader that leaves while it opens leaves the writer open",
    why: "there is no writer yet that could be left",
    file: "src/kernel/streams.ts",
    find: `    if (!this.#over) void this.#writer?.then((writer) => this.#leave(writer), ignore);
    this.#over = true;`,
    replace: `    this.#over = true;`,
    model: "streams",
  },
  {
    name: "a task's outcome that is queued at a restart is the successor's to handle",
    why: "the task looks whether its incarnation lives when it is done, and not when it is heard",
    file: "src/kernel/incarnation.ts",
    find: `(this.over ? undefined : fn(value))`,
    replace: `fn(value)`,
    model: "streams",
  },
];
