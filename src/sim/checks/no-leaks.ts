import type { Kernel } from "../../kernel/kernel.ts";
import { Observation } from "./observation.ts";

/**
 * When the systems have stopped nothing is left of them: no actor that lives, no timer that is set,
 * no name that is taken, no group with members.
 */
export function noLeaks(): Observation {
  return new Observation((run) => ({
    ended() {
      for (const kernel of run.kernels()) {
        const left = leftOf(kernel);
        if (left.length > 0)
          return `${kernel.name} has stopped, and there is still ${left.join(", ")}`;
      }
      return undefined;
    },
  }));
}

function leftOf({ stats, wheel, registry, groups }: Kernel): string[] {
  const left: string[] = [];
  const alive = stats.spawned - stats.ended;
  if (alive > 0) left.push(`${alive} actors`);
  if (wheel.size > 0) left.push(`${wheel.size} timers`);
  const names = registry.names();
  if (names.length > 0) left.push(`the name ${names.join(", ")}`);
  const members = groups.scopes();
  if (members.length > 0) left.push(`members of groups in ${members.join(", ")}`);
  return left;
}
