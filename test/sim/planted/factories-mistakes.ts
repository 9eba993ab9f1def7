import type { Mistake } from "./mistake.ts";

export const factoriesMistakes: readonly Mistake[] = [
  {
    name: "a job that is begun again goes to the end of its line",
    why: "there was one way into a line, and it was good enough",
    file: "src/pool/lines.ts",
    find: `    this.#of(slot).putBack(task);`,
    replace: `    this.#of(slot).push(task);`,
    model: "factories",
  },
  {
    name: "jobs in the workers' own lines are forgotten when the factory ends",
    why: "the factory's line is the one that comes to mind",
    file: "src/pool/lines.ts",
    find: `for (const queue of [this.#common, ...slots.map((slot) => slot.queue)]) {`,
    replace: `for (const queue of [this.#common, slots[0]?.queue]) {`,
    model: "factories",
  },
  {
    name: "a job of a key that another worker has is begun where it was found",
    why: "the line is asked for its next, and the key is not looked at",
    file: "src/pool/lines.ts",
    find: `if (isHere) return task;`,
    replace: `if (isHere || !isHere) return task;`,
    model: "factories",
  },
  {
    name: "jobs whose caller has left are done all the same",
    why: "the reply is looked at when it is given, and not before",
    file: "src/pool/lines.ts",
    find: `    const isLate = !task.isAbandoned && this.#isLate(task);
    if (!isLate && !task.isAbandoned) return false;`,
    replace: `    const isLate = this.#isLate(task);
    if (!isLate) return false;`,
    model: "factories",
  },
  {
    name: "what still runs when a factory is killed is never told of",
    why: "the kernel rejects the calls; counts and events are nobody's",
    file: "src/pool/factory-actor.ts",
    find: `    if (over) this.#dispatcher.cutOff(endReason ?? { kind: "normal" });
    else this.#ctx.own(this);`,
    replace: `    if (!over && endReason === undefined) this.#ctx.own(this);`,
    model: "factories",
  },
  {
    name: "a stuck job is waited for where only run hangs",
    why: "the worker is killed, which rejects its call; run may wait for something else",
    file: "src/pool/dispatcher.ts",
    find: `    if (stuck instanceof Error && slot.task !== null) this.#cutLoose(slot, stuck);`,
    replace: `    if (stuck instanceof Error && slot.task === null) this.#cutLoose(slot, stuck);`,
    model: "factories",
  },
  {
    name: "a worker that leaves is let go with jobs in its line",
    why: "it is free, and is to leave",
    file: "src/pool/slot.ts",
    find: `    return this.task === null && this.queued === 0;`,
    replace: `    return this.task === null;`,
    model: "factories",
  },
  {
    name: "a factory that finishes ends while its last jobs wait to be begun again",
    why: "what runs is counted, and what waits is thought of as before it",
    file: "src/pool/dispatcher.ts",
    find: `this.lines.size === 0 && this.tally.running === 0);`,
    replace: `this.tally.running === 0);`,
    model: "factories",
  },
  {
    name: "the oldest that makes room is not told",
    why: "there is one way on which jobs are refused, and another on which they are shed",
    file: "src/pool/lines.ts",
    find: `      discard(shed, "overload");
`,
    replace: `      if (shed === last) discard(shed, "overload");
`,
    model: "factories",
  },
];
