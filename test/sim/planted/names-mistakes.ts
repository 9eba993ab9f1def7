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
    model: "supervision",
  },
  {
    name: "a name is freed after those who watch have heard of the end",
    why: "a death is to be over soon, and this can wait",
    file: "src/kernel/death.ts",
    find: `  registry.release(cell);
  groups.leaveAll(cell);`,
    replace: `  cell.kernel.world.setTimer(0, () => registry.release(cell));
  groups.leaveAll(cell);`,
    model: "supervision",
  },
];
