import type { Mistake } from "./mistake.ts";

export const namesMistakes: readonly Mistake[] = [
  {
    name: "an actor that is stopped between two incarnations keeps its name",
    why: "it has no incarnation that would have to give up anything",
    file: "src/kernel/death.ts",
    find: `  closeDoor(cell);
  bury(cell, reason);`,
    replace: `  cell.flags |= CLOSED;
  bury(cell, reason);`,
    model: "names",
  },
  {
    name: "a name is freed after those who watch have heard of the end",
    why: "a death is to be over soon, and this can wait",
    file: "src/kernel/death.ts",
    find: `  registry.release(cell);
  groups.leaveAll(identityOf(cell));`,
    replace: `  cell.kernel.world.setTimer(0, () => registry.release(cell));
  groups.leaveAll(identityOf(cell));`,
    model: "names",
  },
  {
    name: "a member of a group stays in it after its death",
    why: "who leaves says so, and the dead say nothing",
    file: "src/kernel/death.ts",
    find: `  groups.leaveAll(identityOf(cell));
`,
    replace: ``,
    model: "names",
  },
  {
    name: "one that joins in init must leave as often as it has begun",
    why: "a restart keeps the groups, and so it keeps the count",
    file: "src/kernel/death.ts",
    find: `  cell.kernel.groups.recount(identityOf(cell));
`,
    replace: ``,
    model: "names",
  },
  {
    name: "whoever watches a group is not told when its last member leaves",
    why: "leaving by death and leaving by will were two ways",
    file: "src/names/groups.ts",
    find: `    this.#tell("left", group, member);
  }

  /** An empty`,
    replace: `    if (members.size > 0) this.#tell("left", group, member);
  }

  /** An empty`,
    model: "names",
  },
  {
    name: "a subscription of the incarnation before goes on hearing",
    why: "it is over for whoever cancels it, and the end of an incarnation is another way",
    file: "src/kernel/subscriptions.ts",
    find: `    this.#over = true;
    this.#owner.cell.kernel.topics.unsubscribe`,
    replace: `    this.#owner.cell.kernel.topics.unsubscribe`,
    model: "names",
  },
  {
    name: "an actor on its way out can join a group, and stays in it",
    why: "the context is of use until the end",
    file: "src/kernel/incarnation.ts",
    find: `    if (reason !== null) throw new ActorStoppedError(this.name, \`join \${group.name}\`, reason);
`,
    replace: ``,
    model: "names",
  },
];
