import { status, type RestartIntensityError } from "troupe";
import { BUSY, type Cell } from "../../src/kernel/cell.ts";
import type { Actor, Life } from "./book.ts";
import type { Run } from "./run.ts";
import { FEW } from "./plan.ts";
import { CROWD, NEWS } from "./subject.ts";

/** What holds whenever nothing is left to do at the present time. */
export function checkAtRest(run: Run): void {
  const { book, kit } = run;
  checkTree(run);
  checkNames(run);
  checkGroups(run);
  checkMonitors(run);
  checkLinks(run);
  checkPermanence(run);
  const { deadLetters } = kit.system.stats();
  const told = kit.eventsOf("deadLetter").length;
  book.expect(deadLetters === told, () => `${deadLetters} dead letters, ${told} told`);
  for (const [id, { begun, lost, stashed }] of book.casts) {
    book.expect(lost <= 1, () => `cast ${id} was lost ${lost} times`);
    if (!stashed) book.expect(begun + lost <= 1, () => `cast ${id}: begun ${begun}, lost ${lost}`);
  }
}

function cellsOf(root: Cell): Cell[] {
  const children = root.family?.list() ?? [];
  return children.concat(children.flatMap(cellsOf));
}

/** The root, which no ref leads to but a child's. */
function rootOf({ book }: Run): Cell | null {
  const cell = book.actors[0]?.cell;
  let top = cell ?? null;
  while (top?.parent != null) top = top.parent;
  return top;
}

/** Exactly those that have not ended are in the tree, and the counters say so. */
function checkTree(run: Run): void {
  const { book, kit } = run;
  const root = rootOf(run);
  if (root === null) return;
  const there = new Set(cellsOf(root));
  const { alive, spawned, ended } = kit.system.stats();
  book.expect(
    spawned - ended === alive,
    () => `${spawned} spawned, ${ended} ended, ${alive} alive`,
  );
  book.expect(there.size === alive, () => `${there.size} in the tree, ${alive} alive`);
  for (const actor of book.actors) {
    const { cell } = actor;
    book.expect(
      there.has(cell) === (cell.status !== "stopped"),
      () => `${actor.label} is ${cell.status}`,
    );
  }
}

/** A name is taken from the spawn to the death of its bearer, and not longer. */
function checkNames({ book, kit }: Run): void {
  const names = new Set(kit.system.names());
  for (const name of ["alice", "bob"]) {
    const bearers = book.actors.filter(
      ({ cell, plan }) =>
        plan.name === name && cell.status !== "stopping" && cell.status !== "stopped",
    );
    book.expect(bearers.length <= 1, () => `${bearers.length} actors are called ${name}`);
    book.expect(
      names.has(name) === (bearers.length === 1),
      () => `${name} and its bearer disagree`,
    );
  }
}

function checkGroups({ book, kit }: Run): void {
  const members = new Set(kit.system.group(CROWD).members());
  for (const actor of book.actors) {
    const { cell, joined } = actor;
    const belongs = joined > 0 && cell.status !== "stopping" && cell.status !== "stopped";
    book.expect(members.has(actor.ref) === belongs, () => `${actor.label} joined ${joined} times`);
  }
  const subscribers = book.actors.filter(
    ({ life, cell }) => life?.subscribed === true && isUp(cell),
  );
  const told = kit.system.publish(NEWS, 0);
  // One whose mailbox may be full may not be reached.
  const roomy = subscribers.filter(({ plan }) => plan.capacity > FEW);
  book.expect(
    told <= subscribers.length && told >= roomy.length,
    () => `${told} were told, ${subscribers.length} subscribe`,
  );
}

function isUp(cell: Cell): boolean {
  return cell.incarnation !== null && cell.rare?.ending == null;
}

function checkMonitors({ book }: Run): void {
  for (const { target, life, cancelled, downs } of book.watches) {
    book.expect(
      downs.length <= 1,
      () => `a monitor of ${target.label} fired ${downs.length} times`,
    );
    book.expect(
      downs.length === 0 || target.cell.status === "stopped",
      () => `a monitor of ${target.label} fired, and it is ${target.cell.status}`,
    );
    const [down] = downs;
    if (down !== undefined && down.reason.kind !== "noproc") {
      book.expect(
        down.reason === target.cell.reason,
        () => `${target.label}: the down has another reason`,
      );
    }
    const due = target.cell.status === "stopped" && !cancelled && canHear(life?.actor, life);
    if (due) book.expect(downs.length === 1, () => `a monitor of ${target.label} did not fire`);
  }
}

/** A failure takes the other side down, unless that one hears of exits. */
function checkLinks({ book }: Run): void {
  for (const [a, b] of book.links) {
    for (const [failed, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const { plan } = other.actor;
      const mayLive = plan.trapExit || plan.onFailure === "resume";
      const survived = failed.failed && isOver(failed) && canHear(other.actor, other);
      book.expect(
        !survived || mayLive,
        () => `${other.actor.label} survived ${failed.actor.label}, to which it was linked`,
      );
    }
  }
}

/** It is not on its way out any more. */
function isOver({ actor, number }: Life): boolean {
  return actor.life!.number > number || actor.cell.incarnation === null;
}

/** Who is permanent ends by order, with its parent, or when the budget is spent. */
function checkPermanence({ book, kit }: Run): void {
  const given = new Set(
    kit.eventsOf("gaveUp").map(({ error }) => (error as RestartIntensityError).child),
  );
  for (const actor of book.actors) {
    const explained = !actor.gaveUpWithoutCause || given.has(actor.cell.label);
    book.expect(explained, () => `${actor.label} did not come back`);
  }
}

/** The watcher is nobody's, or lives the life in which it began to watch and is not held up. */
function canHear(watcher: Actor | undefined, life: unknown): boolean {
  if (watcher === undefined) return true;
  const { cell } = watcher;
  return (
    watcher.life === life && cell.status === "running" && (cell.flags & BUSY) === 0 && isUp(cell)
  );
}

/** What holds when time enough has passed for everything that takes time. */
export function checkInTheLongRun(run: Run): void {
  const { book } = run;
  for (const actor of book.actors) {
    const at = status(actor.ref);
    book.expect(at === "running" || at === "stopped", () => `${actor.label} is ${at} for ever`);
    book.expect(
      !actor.ordered || at === "stopped",
      () => `${actor.label} was told to end, and did not`,
    );
    const { size } = actor.cell.mailbox;
    book.expect(size === 0, () => `${actor.label} does not handle the ${size} messages that wait`);
  }
  for (const { what, state } of book.promises) {
    if (what.startsWith("call")) continue;
    book.expect(state !== "pending", () => `${what} is pending for ever`);
  }
}

/** What holds when every actor has ended. */
export function checkAtTheEnd(run: Run): void {
  const { book, kit } = run;
  checkAtRest(run);
  const { alive } = kit.system.stats();
  book.expect(alive === 0, () => `${alive} actors are left`);
  book.expect(
    kit.system.names().length === 0,
    () => `names are left: ${kit.system.names().join()}`,
  );
  for (const { what, state } of book.promises) {
    book.expect(state !== "pending", () => `${what} is pending`);
  }
  for (const [id, { begun, lost, stashed }] of book.casts) {
    const turnedUp = stashed ? begun + lost >= 1 : begun + lost === 1;
    book.expect(turnedUp, () => `cast ${id}: begun ${begun}, lost ${lost}`);
  }
  const wheel = book.actors[0]?.cell.kernel.wheel;
  if (wheel !== undefined) book.expect(wheel.size === 0, () => `${wheel.size} timers are left`);
}
