import { BadInputError } from "../index.ts";
import { chance, fields, range, whereIs, type Check } from "./checked.ts";
import { checkDiskFaults, type DiskFaults } from "./disk/disk-faults.ts";
import type { Faults, MessageFaults } from "./faults.ts";

const who: Check = (what, given) => {
  const all: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (all.length > 0 && all.every(isSomebody)) return;
  throw new BadInputError(
    `${what} names nobody; give a name, a label, a definition, a list of them, or a function of labels`,
  );
};

function isSomebody(given: unknown): boolean {
  if (typeof given === "string" || typeof given === "function") return given !== "";
  if (typeof given !== "object" || given === null) return false;
  return typeof (given as { name?: unknown }).name === "string";
}

const actorFault = whereIs("number", chance, fields({ chance, who }, ["chance"]));
const delay = fields({ chance, ms: range(0) }, ["chance", "ms"]);

const rule = fields({
  from: who,
  to: who,
  loss: chance,
  duplicate: chance,
  delay,
  reorder: delay,
} satisfies Record<keyof MessageFaults, Check>);

const processFaults: Check = (what, given) => {
  fields({ crash: chance, powerCut: chance, downMs: range(0) })(what, given);
  const { crash = 0, powerCut = 0 } = given as { crash?: number; powerCut?: number };
  if (crash + powerCut <= 1) return;
  throw new BadInputError(
    `${what}: crash and powerCut are ${crash + powerCut} together; more than 1 cannot happen`,
  );
};

/** Refuses faults that make no sense, naming the field. */
export const checkFaults: Check = fields({
  crash: actorFault,
  kill: actorFault,
  slow: fields({ chance, who, ms: range(0) }, ["chance", "ms"]),
  messages: (what, given) => {
    if (!Array.isArray(given)) return rule(what, given);
    for (const [i, one] of given.entries()) rule(`${what}[${i}]`, one);
  },
  clock: fields({ chance, jumpMs: range(-Infinity) }, ["chance", "jumpMs"]),
  stall: delay,
  process: processFaults,
  disk: (what, given) => checkDiskFaults(what, given as DiskFaults),
  buggify: whereIs("number", chance, fields({ sites: chance, fires: chance }, ["sites", "fires"])),
} satisfies Record<keyof Faults, Check>);
