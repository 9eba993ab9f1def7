import type { Command, Decisions, Fault, Wait } from "./decisions.ts";
import type { Outage } from "./harm.ts";

/** A line for each decision, for people. */
export function describeDecisions({ workload, faults, turns }: Decisions): string[] {
  return [
    ...workload.map(describeCommand),
    ...faults.map((fault) => describeOccasion(`fault: ${describeFault(fault)}`, fault, workload)),
    ...turns.map((wait) => describeOccasion(describeWait(wait), wait, workload)),
  ];
}

function describeCommand({ client, name, pauseMs }: Command): string {
  return `client ${client}: ${name}${pauseMs === 0 ? "" : `, after ${pauseMs} ms`}`;
}

function describeWait({ who, waits }: Wait): string {
  return `order: ${who} lets ${waits} other${waits === 1 ? "" : "s"} go first`;
}

/** Which time, and for whom: nothing is said of what is so in most cases. */
function describeOccasion(
  what: string,
  { command, nth }: Fault | Wait,
  workload: readonly Command[],
): string {
  const at = workload.find(({ seed }) => seed === command);
  const of = at === undefined ? "" : ` in ${at.name} of client ${at.client}`;
  return nth === 1 && of !== "" ? `${what},${of}` : `${what}, time ${nth}${of}`;
}

/** What goes wrong, and where: `kill north, 2 steps later`. */
export function describeFault({ kind, place, value }: Omit<Fault, "command" | "nth">): string {
  switch (kind) {
    case "kill":
      return value === 0 ? `kill ${place}` : `kill ${place}, ${count(value, "step")} later`;
    case "crash":
      return `crash ${place}, ${String(value)} it does its work`;
    case "slow":
      return `${place} is slow by ${String(value)} ms`;
    case "stall":
      return `the process stands still for ${String(value)} ms`;
    case "clock":
      return `the wall clock jumps by ${String(value)} ms`;
    case "process":
      return describeOutage(value as Outage);
    default:
      return `${kind}, ${place}${value === true ? "" : `: ${JSON.stringify(value)}`}`;
  }
}

function describeOutage({ how, downMs }: Outage): string {
  return `${how === "crash" ? "the process crashes" : "the power is cut"}, down for ${downMs} ms`;
}

function count(value: unknown, what: string): string {
  return `${String(value)} ${what}${value === 1 ? "" : "s"}`;
}
