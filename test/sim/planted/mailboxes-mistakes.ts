import type { Mistake } from "./mistake.ts";

export const mailboxesMistakes: readonly Mistake[] = [
  {
    name: "what was stashed comes back in reverse",
    why: "one message after the other was put in front",
    file: "src/kernel/stash.ts",
    find: `  cell.mailbox.prepend(cell.rare.stash);
  cell.rare.scanned = null;`,
    replace: `  for (const stashed of cell.rare.stash.extract(() => true)) {
    const one = new EnvelopeQueue();
    one.push(stashed);
    cell.mailbox.prepend(one);
  }
  cell.rare.scanned = null;`,
    model: "mailboxes",
  },
  {
    name: "what was stashed comes back behind what came later",
    why: "a message goes to the end of the line",
    file: "src/kernel/stash.ts",
    find: `  cell.mailbox.prepend(cell.rare.stash);
  cell.rare.scanned = null;`,
    replace: `  for (const stashed of cell.rare.stash.extract(() => true)) cell.mailbox.push(stashed);
  cell.rare.scanned = null;`,
    model: "mailboxes",
  },
  {
    name: "what was stashed is gone after a restart",
    why: "the stash was counted to the incarnation",
    file: "src/kernel/death.ts",
    find: `  if (rare.stash !== null) cell.mailbox.prepend(rare.stash);
`,
    replace: `  rare.stash = null;
`,
    model: "mailboxes",
  },
  {
    name: "dropOldest drops the newest that waits",
    why: "the line was read from its end",
    file: "src/kernel/mailbox.ts",
    find: `      const oldest = oldestMessage(to);`,
    replace: `      const oldest = to.mailbox.extract((each) => each.next === null)[0] ?? null;`,
    model: "mailboxes",
  },
  {
    name: "who waits for room is not told that the actor has ended",
    why: "what waits in the mailbox is discarded, and those who wait are not in it",
    file: "src/kernel/death.ts",
    find: `  refuseWaiters(cell);
`,
    replace: ``,
    model: "mailboxes",
  },
  {
    name: "after the first who waited for room the others are forgotten",
    why: "the mark was taken back to let it in, and not made again",
    file: "src/kernel/mailbox.ts",
    find: `    if (waiters.size > 0) cell.flags |= SENDERS_WAIT;
`,
    replace: ``,
    model: "mailboxes",
  },
  {
    name: "a drain does not close the door",
    why: "it ends when nothing is left to do, whoever sent it",
    file: "src/kernel/acts.ts",
    find: `    cell.flags |= CLOSED | DRAINING;`,
    replace: `    cell.flags |= DRAINING;`,
    model: "mailboxes",
  },
];
