import { BadInputError } from "../index.ts";

/** Refuses a value that makes no sense; `what` is where the user has written it. */
export type Check = (what: string, given: unknown) => void;

function refuse(what: string, given: unknown, wanted: string): never {
  throw new BadInputError(`${what} is ${show(given)}; it must be ${wanted}`);
}

/** `simulate: faults`, then `simulate: faults.crash`. */
function within(what: string, name: string): string {
  return what.endsWith(":") ? `${what} ${name}` : `${what}.${name}`;
}

function show(value: unknown): string {
  if (typeof value === "number" || typeof value === "function") return String(value);
  return JSON.stringify(value) ?? String(value);
}

/** Checks the fields of an object; those that are not known are refused. */
export function fields(
  checks: Readonly<Record<string, Check>>,
  needed: readonly string[] = [],
): Check {
  return (what, given) => {
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      refuse(what, given, `an object with ${Object.keys(checks).join(", ")}`);
    }
    for (const [name, value] of Object.entries(given)) {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      if (check === undefined) {
        const known = Object.keys(checks).join(", ");
        throw new BadInputError(`${within(what, name)} is not known; there are ${known}`);
      }
      if (value !== undefined) check(within(what, name), value);
    }
    for (const name of needed) {
      if ((given as Record<string, unknown>)[name] !== undefined) continue;
      throw new BadInputError(`${within(what, name)} is missing`);
    }
  };
}

export const chance: Check = (what, given) => {
  if (typeof given === "number" && given >= 0 && given <= 1) return;
  refuse(what, given, "a number from 0 to 1");
};

/** Both ends included. */
export function range(least: number): Check {
  const wanted = `two whole numbers of ms, [least, most]${least === 0 ? ", from 0" : ""}`;
  return (what, given) => {
    const [from, to, ...more]: readonly unknown[] = Array.isArray(given) ? given : [];
    const isRange = isWhole(from) && isWhole(to) && from >= least && from <= to;
    if (!isRange || more.length > 0) refuse(what, given, wanted);
  };
}

export const time: Check = (what, given) => {
  if (typeof given === "number" && given > 0 && given < Infinity) return;
  refuse(what, given, "a number of ms, more than 0");
};

export function whole(least: number): Check {
  return (what, given) => {
    if (!isWhole(given) || given < least) {
      refuse(what, given, `a whole number${least === -Infinity ? "" : ` from ${least}`}`);
    }
  };
}

export const aFunction: Check = (what, given) => {
  if (typeof given !== "function") refuse(what, given, "a function");
};

/** One of some values, said as they are written. */
export function oneOf(...values: readonly unknown[]): Check {
  return (what, given) => {
    if (!values.includes(given)) refuse(what, given, values.map(show).join(" or "));
  };
}

/** Either of two, told apart by whether it is of this type. */
export function whereIs(type: string, check: Check, otherwise: Check): Check {
  return (what, given) => (typeof given === type ? check : otherwise)(what, given);
}

/** An object of things by name, at least one of them. */
export function named(check: Check, isNeeded: string): Check {
  return (what, given) => {
    if (typeof given !== "object" || given === null) refuse(what, given, "an object of functions");
    const entries = Object.entries(given);
    if (entries.length === 0 && isNeeded !== "") {
      throw new BadInputError(`${what} is empty; ${isNeeded}`);
    }
    for (const [name, value] of entries) check(within(what, name), value);
  };
}

function isWhole(given: unknown): given is number {
  return Number.isSafeInteger(given);
}
