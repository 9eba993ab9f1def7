import type { Mistake } from "./mistake.ts";

export const callsMistakes: readonly Mistake[] = [
  {
    name: "an abandoned handler that ends makes its successor free for the next message",
    why: "`finished` looks whether the incarnation is over, so looking here seemed to be twice",
    file: "src/kernel/turn.ts",
    find: `    if (incarnation.over) return false;
    const { cell } = incarnation;`,
    replace: `    const { cell } = incarnation;`,
    model: "calls",
  },
  {
    name: "a call that is being handled at a kill is left open",
    why: "the kill closes what the incarnation owes, and this call was thought to be part of that",
    file: "src/kernel/incarnation.ts",
    find: `if (call != null && !call.settled) call.receiverGone(cell.label, reason);`,
    replace: ``,
    model: "calls",
  },
  {
    name: "replies that an incarnation owes are dropped at a restart",
    why: "the end for good rejects them, and a restart was thought to keep them as it keeps the mailbox",
    file: "src/kernel/death.ts",
    find: `  cell.incarnation?.close(reason);
  rare.lastState`,
    replace: `  if (ending.final) cell.incarnation?.close(reason);
  else cell.incarnation?.release();
  rare.lastState`,
    model: "calls",
  },
  {
    name: "what an async handler found in its lane while it ran waits for the next message",
    why: "after a handler only the mailbox was looked at: nearly always that is all there is",
    file: "src/kernel/cell.ts",
    find: `    if (this.mailbox.size === 0 || (this.flags & (QUEUED | BUSY)) !== 0) this.resume();
    else this.kernel`,
    replace: `    if (this.mailbox.size === 0 || (this.flags & (QUEUED | BUSY)) !== 0) return;
    this.kernel`,
    model: "calls",
  },
  {
    name: "a call whose caller has left is handled all the same",
    why: "the answer is dropped, so it does no harm",
    file: "src/kernel/turn.ts",
    find: `  if (call !== null && call.settled) {
    cell.kernel.stats.skippedCalls++;
    return;
  }
`,
    replace: ``,
    model: "calls",
  },
  {
    name: "a time limit is up a millisecond early",
    why: "the caller has lost that much on the way",
    file: "src/kernel/deadlines.ts",
    find: `this.#wheel.set(deadline, call.timeoutMs);`,
    replace: `this.#wheel.set(deadline, call.timeoutMs - 1);`,
    model: "calls",
  },
  {
    name: "calls that wait in the mailbox of an actor that is killed for good are left open",
    why: "a kill settles the call at hand, and the others were forgotten",
    file: "src/kernel/death.ts",
    find: `  discard(cell, cell.mailbox);
`,
    replace: `  if (reason.kind !== "killed") discard(cell, cell.mailbox);
`,
    model: "calls",
  },
];
