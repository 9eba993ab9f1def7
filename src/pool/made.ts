import { BadInputError } from "../index.ts";
import { given } from "./settings.ts";
import type { JobQueue, QueueMaker } from "./queue.ts";
import type { Router, RouterMaker } from "./routing.ts";

export function makeRouter(router: RouterMaker): Router {
  return checked("router", router(), ["route"], "queuer or custom(…)");
}

export function makeQueue(queue: QueueMaker): JobQueue {
  const methods = ["push", "putBack", "shift", "shed", "remove"] as const;
  return checked("queue", queue(), methods, "fifo or byPriority(…)");
}

/** Refuses what a maker of the user's has made, where it lacks what it will be asked for. */
function checked<T extends object>(
  what: string,
  made: T,
  methods: readonly (keyof T)[],
  as: string,
): T {
  const missing = methods.find((method) => typeof made?.[method] !== "function");
  if (missing === undefined) return made;
  throw new BadInputError(
    `factory: ${what}() answered ${given(made)}, which has no ${String(missing)}; ${what} must be as ${as}`,
  );
}
