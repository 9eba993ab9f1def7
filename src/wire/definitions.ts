import { Behaviour, type ActorDef } from "../kernel/behaviour.ts";
import { BadInputError } from "../kernel/errors.ts";
import { describe } from "../kernel/exit-reason.ts";

/** A class of errors, whatever its constructor takes. */
export type ErrorClass = abstract new (...args: never[]) => Error;

/** What may be registered: definitions, and the classes of the errors that their calls reject with. */
export type Registrable = ActorDef<unknown, never> | ErrorClass;

const byName = new Map<string, Behaviour>();
const names = new Map<Behaviour, string>();
const errors = new Map<string, ErrorClass>();
const errorNames = new Map<unknown, string>();
const modules = new Map<Behaviour, string>();

/** Gives definitions the names under which other threads know them. */
export function registerAll(given: Readonly<Record<string, unknown>>, module?: string): void {
  for (const [name, each] of Object.entries(given)) {
    if (typeof each === "function" && each.prototype instanceof Error) {
      errors.set(name, each as unknown as ErrorClass);
      errorNames.set(each, name);
    } else if (each instanceof Behaviour) {
      registerOne(name, each, module);
    } else {
      throw new BadInputError(
        `register: ${name} is ${describe(each)}; it must be a definition, or a class of errors`,
      );
    }
  }
}

function registerOne(name: string, behaviour: Behaviour, module: string | undefined): void {
  const other = byName.get(name);
  // A module may be evaluated twice, by a test runner above all: the last is what runs.
  if (other !== undefined) names.delete(other);
  byName.set(name, behaviour);
  names.set(behaviour, name);
  if (module !== undefined) modules.set(behaviour, module);
}

/** The name that it is registered under; undefined where it is not. */
export function registeredName(behaviour: Behaviour): string | undefined {
  return names.get(behaviour);
}

/** Where it said that it was registered. */
export function moduleOf(behaviour: Behaviour): string | undefined {
  return modules.get(behaviour);
}

export function registered(name: string): Behaviour | undefined {
  return byName.get(name);
}

/** All names, for errors that tell what there is. */
export function registeredNames(): string[] {
  return [...byName.keys()];
}

export function errorClass(name: string): ErrorClass | undefined {
  return errors.get(name);
}

export function errorName(error: Error): string | undefined {
  return errorNames.get(error.constructor);
}
