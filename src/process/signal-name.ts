import { constants } from "node:os";
import { BadInputError } from "../index.ts";
import { describe } from "../kernel/exit-reason.ts";

/** Refuses what no program can be sent; undefined passes. */
export function checkSignalName(what: string, given: unknown): void {
  if (given === undefined) return;
  if (typeof given === "string" && Object.hasOwn(constants.signals, given)) return;
  throw new BadInputError(`${what} is ${describe(given)}; it can be SIGTERM, SIGHUP and the like`);
}
