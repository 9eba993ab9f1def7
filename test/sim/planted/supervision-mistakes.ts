import type { Mistake } from "./mistake.ts";

export const supervisionMistakes: readonly Mistake[] = [
  {
    name: "one restart more than the budget allows is borne",
    why: "a limit is inclusive or it is not: an off-by-one",
    file: "src/supervision/restart-intensity.ts",
    find: `this.#times.length - this.#first <= max`,
    replace: `this.#times.length - this.#first <= max + 1`,
    model: "supervision",
  },
  {
    name: "the window of restarts never slides",
    why: "counts the restarts of a whole life, as `maxRestarts` does",
    file: "src/supervision/restart-intensity.ts",
    find: `    while (now - this.#times[this.#first]! > within) this.#first++;
`,
    replace: ``,
    model: "supervision",
  },
  {
    name: "restForOne takes the older siblings down",
    why: "the list was thought to begin with the youngest, as the family's own list does",
    file: "src/supervision/strategy.ts",
    find: `children.slice(children.indexOf(failed) + 1)`,
    replace: `children.slice(0, children.indexOf(failed))`,
    model: "supervision",
  },
  {
    name: "siblings go down oldest first",
    why: "the list of those that are up was read from its front",
    file: "src/kernel/restart-plan.ts",
    find: `    this.#up = [...members];`,
    replace: `    this.#up = [...members].toReversed();`,
    model: "supervision",
  },
  {
    name: "the back-off is ignored",
    why: "all are down, so they can come up",
    file: "src/kernel/restart-plan.ts",
    find: `    if (this.#pauseMs === 0) return this.bringUp();`,
    replace: `    if (this.#pauseMs >= 0) return this.bringUp();`,
    model: "supervision",
  },
  {
    name: "an order to stop that comes second does not hold",
    why: "the first request wins: with its reason, and here with everything",
    file: "src/kernel/stop.ts",
    find: `    rare.stop.order ||= order;
`,
    replace: ``,
    model: "supervision",
  },
  {
    name: "an order to stop is lost on an actor that is about to restart",
    why: "it is ending already, so there seemed to be nothing to do",
    file: "src/kernel/death.ts",
    find: `    if (order) makeFinal(cell, rare.ending);
    rare.ending.onHeld`,
    replace: `    rare.ending.onHeld`,
    model: "supervision",
  },
  {
    name: "an abandoned init that is done after all starts its successor",
    why: "a kill ends an init, so nothing was thought to come of it",
    file: "src/kernel/birth.ts",
    find: `      if (incarnation.over) return;
      incarnation.adopt(state);
      started(cell);`,
    replace: `      incarnation.adopt(state);
      started(cell);`,
    model: "supervision",
  },
  {
    name: "the exit hook runs after a kill",
    why: "all ends go the same way, and a killed one was forgotten",
    file: "src/kernel/death.ts",
    find: `if (exit === undefined || ending.killed) finish(cell);`,
    replace: `if (exit === undefined) finish(cell);`,
    model: "supervision",
  },
  {
    name: "an escalation is swallowed where the parent does not listen to its children",
    why: "`onChild` is told of the failure, so the parent was thought to be told",
    file: "src/kernel/family.ts",
    find: `if (verdict === "escalate" && !this.#isRoot) {`,
    replace: `if (verdict === "escalate" && !this.#isRoot && this.#parentListens) {`,
    model: "supervision",
  },
  {
    name: "a transient actor comes back from a normal end",
    why: "transient was read as the opposite of temporary",
    file: "src/supervision/child-spec.ts",
    find: `(restart === "transient" && failed)`,
    replace: `restart === "transient"`,
    model: "supervision",
  },
  {
    name: "an actor comes back once more than maxRestarts says",
    why: "an off-by-one",
    file: "src/kernel/verdict.ts",
    find: `(rare?.restarts ?? 0) < options.maxRestarts`,
    replace: `(rare?.restarts ?? 0) <= options.maxRestarts`,
    model: "supervision",
  },
  {
    name: "a parent that gives up in the middle of its init goes on waiting for its children",
    why: "it is told as soon as it has time",
    file: "src/kernel/family.ts",
    find: `    if (isBeginning && isAwaited) cutOffInit(this.#parent, error, "failed");
    else pushLane`,
    replace: `    pushLane`,
    model: "supervision",
  },
];
