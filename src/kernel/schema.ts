import type { Behaviour } from "./behaviour.ts";
import { BadInputError } from "./errors.ts";
import { describe, show } from "./exit-reason.ts";
import { isThenable, type Verb } from "./verb.ts";

/**
 * A schema of any library that keeps to version 1 of https://standardschema.dev: zod 4, valibot,
 * arktype. `Output` is what it makes of a value that it accepts.
 *
 * For a verb's arguments, it is one of a tuple: `z.tuple([z.string(), z.number()])`.
 */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    /** Ours must be synchronous: whoever waited would let later messages overtake this one. */
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>;
  };
}

type Result<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a protocol's messages may be checked by: for each verb, a schema of its arguments. */
export type Schemas<A> = {
  readonly [V in keyof A]?: A[V] extends (...args: infer Args) => unknown
    ? StandardSchema<Readonly<Args>>
    : never;
};

/**
 * The schemas of a definition, by verb; null where it has none, so that nothing is paid for them.
 *
 * In a map, for a verb may be called `toString`. Throws `BadInputError` for what can check nothing:
 * a message that a mistake leaves unchecked is worse than no definition.
 */
export function collectSchemas(
  definition: string,
  verbs: ReadonlyMap<string, Verb>,
  given: object | undefined,
): ReadonlyMap<string, StandardSchema> | null {
  if (given === undefined) return null;
  const schemas = new Map(Object.entries<StandardSchema>({ ...given }));
  for (const [verb, schema] of schemas) {
    const what = `definition ${definition}: schemas.${verb}`;
    if (!verbs.has(verb)) {
      throw new BadInputError(`${what} is for no verb; there are ${[...verbs.keys()].join(", ")}`);
    }
    // Arktype's are functions.
    const standard = (schema as Partial<StandardSchema> | null | undefined)?.["~standard"];
    if (standard?.version !== 1 || typeof standard.validate !== "function") {
      throw new BadInputError(
        `${what} is ${describe(schema)}; it must be a Standard Schema, version 1`,
      );
    }
  }
  return schemas;
}

/** More would make a line that nobody reads. */
const ISSUES_SHOWN = 3;

/**
 * Checks a message that comes from where its sender's types may have been others; answers with the
 * arguments as the schema made them. Those of a verb without a schema stay as they are.
 *
 * Throws `BadInputError`, and nothing else whatever the schema does: a message from elsewhere is
 * the error of its sender, and never of the node that it comes to.
 */
export function checkMessage(
  behaviour: Behaviour,
  verb: string,
  args: readonly unknown[],
): readonly unknown[] {
  const schema = behaviour.schemas?.get(verb);
  if (schema === undefined) return args;
  const refused = `${behaviour.name}.${verb} refused`;
  let outcome;
  try {
    outcome = outcomeOf(schema["~standard"].validate(args));
  } catch (cause) {
    throw new BadInputError(`${refused}: its schema failed: ${show(cause)}`, { cause });
  }
  if (typeof outcome !== "string") return outcome;
  throw new BadInputError(`${refused}: ${outcome}`);
}

/** The arguments that a schema has made, or why there are none. */
function outcomeOf(result: Result<unknown> | Promise<unknown>): readonly unknown[] | string {
  if (isThenable(result)) {
    // Nobody waits for it: were it to reject, the host would take that for an error of its own.
    result.then(undefined, () => {});
    return "its schema answers with a promise; schemas must be synchronous";
  }
  if (result.issues !== undefined) return describeIssues(result.issues);
  if (Array.isArray(result.value)) return result.value;
  return `its schema makes ${describe(result.value)} of the arguments; it must make an array`;
}

function describeIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, ISSUES_SHOWN).map(describeIssue).join("; ");
  const more = issues.length - ISSUES_SHOWN;
  return more > 0 ? `${shown}; and ${more} more` : shown;
}

/** As callers count arguments, from 1, and with the way to what is wrong inside of one. */
function describeIssue({ message, path = [] }: Issue): string {
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  const [index, ...inside] = keys;
  if (index === undefined) return message;
  if (!/^\d+$/.test(index)) return `${keys.join(".")}: ${message}`;
  const where = inside.length === 0 ? "" : ` (${inside.join(".")})`;
  return `argument ${Number(index) + 1}${where}: ${message}`;
}
