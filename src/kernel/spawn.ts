import type { Behaviour } from "./behaviour.ts";
import { BUSY, Cell, MUST_BEGIN } from "./cell.ts";
import { ChildFamily } from "./family.ts";
import { stillborn } from "./birth.ts";
import { resolveOptions, type SpawnOptions } from "./options.ts";
import { STAND_IN } from "./place.ts";

/**
 * Makes an actor: in the tree and in the registry at once, its `init` in a turn of its own.
 *
 * What cannot be started (name taken, parent ending, too many children) is a cell that is dead on
 * arrival; whoever awaits `started` learns why.
 */
export function spawnCell(
  parent: Cell,
  behaviour: Behaviour,
  props: unknown,
  given?: SpawnOptions,
): Cell {
  const cell = spawnHeld(parent, behaviour, props, given);
  if (cell.status === "starting") cell.wakeFor(MUST_BEGIN);
  return cell;
}

/** Makes an actor that is not begun yet: it has its place, its name and its mailbox. */
export function spawnHeld(
  parent: Cell,
  behaviour: Behaviour,
  props: unknown,
  given?: SpawnOptions,
  before: Cell | null = null,
): Cell {
  const { kernel } = parent;
  const isRoot = parent.parent === null;
  const spawner = isRoot ? "system" : "actor";
  const options = resolveOptions(behaviour, spawner, given, kernel.capacity);
  const family = (parent.family ??= new ChildFamily(
    parent,
    parent.behaviour.supervision,
    isRoot,
  )) as ChildFamily;
  const kind = given?.on === undefined ? behaviour : given.on[STAND_IN](behaviour, props, parent);
  const cell = new Cell(kernel, kind, options, parent, props);
  kernel.stats.spawned++;
  const name = given?.name;
  if (name !== undefined) cell.extra.name = name;
  const tooMany = family.size >= family.maxChildren;
  family.add(cell, before);
  if (parent.rare?.ending != null || parent.status === "stopped") {
    stillborn(cell, "parent-stopping", `${parent.label} is ending`);
  } else if (tooMany) {
    stillborn(
      cell,
      "too-many-children",
      `${parent.label} has ${family.maxChildren} children, the most it may`,
    );
  } else if (name !== undefined && !kernel.registry.claim(name, cell)) {
    stillborn(cell, "name-taken", `the name "${name}" is taken`);
  } else {
    cell.flags = BUSY;
    if (kernel.events.wants("spawned")) {
      kernel.events.emit({ type: "spawned", actor: cell.label, parent: parent.label });
    }
  }
  return cell;
}
