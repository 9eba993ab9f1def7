import type { Cell } from "../kernel/cell.ts";
import type { Machine } from "./machine.ts";

const MOST = 5;

/** Says what everybody waits for, where something did not come to an end. */
export function stalledBy(machine: Machine, commands: readonly string[], limitMs: number): string {
  const waiting = [...pendingHandlers(machine)];
  const isOver = machine.nextDue === Infinity;
  const lines = [isOver ? "nobody has anything to do any more" : `not within ${limitMs} ms`];
  if (commands.length > 0) lines.push(`under way: ${few(commands)}`);
  if (waiting.length > 0) lines.push(`pending: ${few(waiting)}`);
  return lines.join("; ");
}

/** Handlers that have not returned, with what they wait for as far as the kernel knows. */
function* pendingHandlers({ pending, records }: Machine): Generator<string> {
  for (const [cell, envelope] of pending) {
    if (cell.current !== envelope) continue;
    yield `${envelope.verb.name} of ${records.of(cell).label} (${waitsFor(cell)})`;
  }
}

function waitsFor(cell: Cell): string {
  const calls = [...(cell.rare?.waitsFor ?? [])].map((call) => call.describe());
  return calls.length === 0 ? "for no reply" : `for ${few(calls)}`;
}

function few(items: readonly string[]): string {
  const shown = items.slice(0, MOST).join(", ");
  return items.length > MOST ? `${shown} and ${items.length - MOST} more` : shown;
}
