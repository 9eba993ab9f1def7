import type { Mistake } from "./mistake.ts";

export const kvMistakes: readonly Mistake[] = [
  {
    name: "a write is acknowledged before it is in the file",
    why: "the reply is known, and the record is sure to be written soon",
    file: "examples/kv/shard-actor.ts",
    find: `  state.journal.answerLater(reply, replies);`,
    replace: `  reply.resolve(replies);`,
    model: "kv-everysec",
  },
  {
    name: "a write is acknowledged before it is synced",
    why: "one policy answers when it is written, and for the other it was forgotten",
    file: "examples/kv/journal.ts",
    find: `    if (this.#options.sync === "everysec") this.#answer();`,
    replace: `    this.#answer();`,
    model: "kv-always",
  },
  {
    name: "a read tells of what is written and not yet synced",
    why: "nothing is gathered, so all is settled",
    file: "examples/kv/journal.ts",
    find: `!this.#log.isDirty && !(this.#isSyncing && this.#options.sync === "always")`,
    replace: `!this.#log.isDirty`,
    model: "kv-always",
  },
  {
    name: "what comes during a sync is acknowledged when that is done",
    why: "one list of those who wait seemed to be enough",
    file: "examples/kv/journal.ts",
    find: `this.#log.isDirty ? this.#gathered : this.#written`,
    replace: `this.#isSyncing ? this.#written : this.#gathered`,
    model: "kv-always",
  },
  {
    name: "a torn record at the end of a file is not cut off",
    why: "what is torn is not replayed, which seemed to be enough",
    file: "examples/kv/open-log.ts",
    find: `    if (torn.bytes > 0) log.cutTo(torn.from);
    try {`,
    replace: `    try {`,
    model: "kv-always",
  },
  {
    name: "what was read from a file is told without being synced",
    why: "it comes from the disk, so it is on the disk",
    file: "examples/kv/append-log.ts",
    find: `    log.#syncedSize = -1;
`,
    replace: ``,
    model: "kv-always",
  },
  {
    name: "the name of a new file is not synced",
    why: "the file is synced, and its name was counted in",
    file: "examples/kv/append-log.ts",
    find: `    log.#isNameSynced = false;
`,
    replace: ``,
    model: "kv-always",
  },
  {
    name: "the directory is not synced after a file was replaced",
    why: "both files are synced, so either may be there",
    file: "examples/kv/append-log.ts",
    find: `    this.#path = path;
    this.#isNameSynced = false;`,
    replace: `    this.#path = path;`,
    model: "kv-always",
  },
  {
    name: "records that come during a rewrite are not in the new file",
    why: "the new file is made of the store, which has them",
    file: "examples/kv/journal.ts",
    find: `    this.#rewrite?.append(records);
`,
    replace: ``,
    model: "kv-always",
  },
  {
    name: "a command is tried again although it may have been done",
    why: "the shard has ended, so it is to be asked again",
    file: "examples/kv/client-actor.ts",
    find: `failure instanceof ActorStoppedError && failure.reason.kind === "failed"`,
    replace: `failure instanceof ActorStoppedError`,
    model: "kv-always",
  },
  {
    name: "a shard that fails rejects what is safe on the disk, and it is done twice",
    why: "all that waits is rejected when an actor ends",
    file: "examples/kv/journal.ts",
    find: `    if (!this.#log.isFaulty) this.#answer();
    else`,
    replace: `    if (!this.#log.isFaulty) return;
    else`,
    model: "kv-always",
  },
];
