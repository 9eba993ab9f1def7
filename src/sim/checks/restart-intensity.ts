import type { Cell } from "../../kernel/cell.ts";
import { DEFAULT_INTENSITY, type Intensity } from "../../supervision/restart-intensity.ts";
import { Observation } from "./observation.ts";

/**
 * No supervisor restarts more often than its intensity allows.
 *
 * Counts each failure that leads to a restart, whole groups of siblings as one, in every window of
 * the supervisor's own length. Children of the root have a budget each.
 */
export function restartIntensity(): Observation {
  return new Observation((run) => {
    const failures = new Map<object, number[]>();
    return {
      crashed: () => failures.clear(),
      event(event, kernel) {
        if (event.type !== "restarting") return undefined;
        const child = run.find(kernel, event.actor);
        if (child?.parent == null) return undefined;
        const { owner, intensity } = budgetOf(child, child.parent);
        const times = failures.get(owner) ?? [];
        const now = run.now();
        times.push(now);
        const recent = times.filter((time) => now - time <= intensity.within);
        failures.set(owner, recent);
        if (recent.length <= intensity.max) return undefined;
        return `${run.labelOf(child.parent)} restarts ${run.labelOf(child)}: ${recent.length} restarts within ${intensity.within} ms, and it allows ${intensity.max}`;
      },
    };
  });
}

function budgetOf(child: Cell, parent: Cell): { owner: object; intensity: Intensity } {
  if (parent.parent === null) return { owner: child, intensity: DEFAULT_INTENSITY };
  const { intensity } = parent.behaviour.supervision;
  // A new incarnation of the supervisor begins with a new budget.
  return { owner: parent.incarnation ?? parent, intensity: { ...DEFAULT_INTENSITY, ...intensity } };
}
