import type { Mistake } from "./mistake.ts";

export const linksMistakes: readonly Mistake[] = [
  {
    name: "a monitor that was cancelled still hears the down that is queued",
    why: "it was taken out of the list of those to tell, and has been told already",
    file: "src/kernel/signals.ts",
    find: `  cancel(): void {
    this.#over = true;
    this.target`,
    replace: `  cancel(): void {
    this.target`,
    model: "links",
  },
  {
    name: "a monitor takes a restart for the end",
    why: "monitors were told where links are: when the incarnation ends",
    file: "src/kernel/death.ts",
    find: `  cell.kernel.groups.recount(identityOf(cell));
  fireLinks(cell, reason);`,
    replace: `  cell.kernel.groups.recount(identityOf(cell));
  fireMonitors(cell, reason);
  fireLinks(cell, reason);`,
    model: "links",
  },
  {
    name: "monitors do not live through a restart",
    why: "all that belongs to an incarnation goes, and whoever watches it was counted in",
    file: "src/kernel/death.ts",
    find: `  cell.kernel.groups.recount(identityOf(cell));
  fireLinks(cell, reason);`,
    replace: `  cell.kernel.groups.recount(identityOf(cell));
  rare.monitors = null;
  fireLinks(cell, reason);`,
    model: "links",
  },
  {
    name: "the other side of a link that has fired keeps its half, and takes the successor down",
    why: "the links of the one that ends are forgotten, and a link has two ends",
    file: "src/kernel/signals.ts",
    find: `    other.rare?.links?.delete(cell);
    exitSignal`,
    replace: `    exitSignal`,
    model: "links",
  },
  {
    name: "a link fires on a normal end",
    why: "the end of one is the end of both",
    file: "src/kernel/signals.ts",
    find: `  } else if (reason.kind !== "normal") {
    requestStop(to, reason, false);`,
    replace: `  } else {
    requestStop(to, reason, false);`,
    model: "links",
  },
  {
    name: "a down overtakes what the dead actor had sent before",
    why: "lifecycle events go before messages",
    file: "src/kernel/lane.ts",
    find: `if (about !== null && to.mailbox.size > 0) {`,
    replace: `if (about !== null && to.mailbox.size > 1) {`,
    model: "links",
  },
  {
    name: "a link to an actor that has ended is not noticed",
    why: "there is nobody to link to",
    file: "src/kernel/signals.ts",
    find: `  if (b.status === "stopped") return exitSignal(a, b, NOPROC);`,
    replace: `  if (b.status === "stopped") return;`,
    model: "links",
  },
  {
    name: "a down overtakes what the dead actor had sent behind an await, in production",
    why: "every message was thought to know its sender",
    file: "src/kernel/lane.ts",
    find: `(from === null ? unknownToo :`,
    replace: `(from === null ? false :`,
    model: "links",
  },
];
