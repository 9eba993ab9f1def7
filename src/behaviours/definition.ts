import { BadInputError } from "../kernel/errors.ts";
import {
  checkFunction,
  checkLimit,
  checkName,
  checkSettings,
  checkSupervision,
} from "../kernel/options.ts";
import type { ActorSettings, Supervision } from "../kernel/behaviour.ts";
import { Verb, type VerbHandler, type VerbKind } from "../kernel/verb.ts";

const SECTIONS: readonly VerbKind[] = ["cast", "call", "stream"];

/**
 * Names that a ref must not have: `await ref` asks for `then`, `JSON.stringify(ref)` for `toJSON`,
 * and `constructor` is how tools tell what an object is.
 */
const RESERVED: ReadonlySet<string> = new Set(["then", "toJSON", "constructor", "__proto__"]);

const HOOKS = ["init", "exit", "onChild", "onDown", "onExit", "onGroup"] as const;

const KNOWN: ReadonlySet<string> = new Set([
  ...SECTIONS,
  ...HOOKS,
  "name",
  "supervision",
  "schemas",
  "restart",
  "shutdown",
  "significant",
  "backoff",
  "maxRestarts",
  "onFailure",
  "mailbox",
  "priority",
  "initTimeout",
  "callTimeout",
]);

/** Refuses a definition that cannot work, naming what is wrong with it. */
export function checkDefinition(
  name: string,
  definition: ActorSettings & { readonly supervision?: Supervision },
): void {
  checkName("definition: name", name);
  for (const hook of HOOKS) {
    const given = (definition as Record<string, unknown>)[hook];
    if (given !== undefined) checkFunction(`definition ${name}: ${hook}`, given);
  }
  for (const key of Object.keys(definition)) {
    if (KNOWN.has(key)) continue;
    throw new BadInputError(
      `definition ${name}: there is no "${key}"; verbs stand under cast, call or stream`,
    );
  }
  const {
    name: _,
    callTimeout: __,
    ...settings
  } = definition as ActorSettings & {
    readonly name?: string;
    readonly callTimeout?: CallTimeout;
  };
  checkSettings(`definition ${name}`, settings);
  if (definition.supervision !== undefined) {
    checkSupervision(`definition ${name}: supervision`, definition.supervision);
  }
}

/** Refuses what cannot be a verb. */
export function checkVerbName(definition: string, verb: string): void {
  if (!RESERVED.has(verb)) return;
  throw new BadInputError(
    `definition ${definition}: "${verb}" cannot be a verb, JavaScript asks objects for it by itself; give it another name`,
  );
}

/** Time limits of calls in ms: one for all verbs, or each its own. */
export type CallTimeout = number | { readonly [verb: string]: number };

/** Gives calls the limits that a definition has for them; refuses one for what is no call. */
export function limitCalls(name: string, verbs: readonly Verb[], given?: CallTimeout): Verb[] {
  const calls = new Map(verbs.filter(({ kind }) => kind === "call").map((v) => [v.name, v]));
  const limits =
    typeof given === "object"
      ? Object.entries(given)
      : Array.from(calls.keys(), (verb): [string, CallTimeout | undefined] => [verb, given]);
  for (const [of, limit] of limits) {
    const call = calls.get(of);
    const what = `definition ${name}: callTimeout${typeof given === "object" ? `.${of}` : ""}`;
    if (call === undefined) throw new BadInputError(`${what} is a limit for no call`);
    checkLimit(what, limit);
    call.callTimeout = limit as number | undefined;
  }
  return [...verbs];
}

/** Makes the verbs of all sections; a name stands for one of them only. */
export function collectVerbs(
  name: string,
  sections: { readonly [K in VerbKind]?: object | undefined },
): Verb[] {
  const verbs = new Map<string, Verb>();
  for (const kind of SECTIONS) {
    for (const [verb, handler] of Object.entries(sections[kind] ?? {})) {
      checkVerbName(name, verb);
      if (typeof handler !== "function") {
        throw new BadInputError(`definition ${name}: ${kind}.${verb} is no function`);
      }
      const other = verbs.get(verb);
      if (other !== undefined) {
        throw new BadInputError(
          `definition ${name}: "${verb}" is both a ${other.kind} and a ${kind}`,
        );
      }
      verbs.set(verb, new Verb(verb, kind, handler as VerbHandler));
    }
  }
  return [...verbs.values()];
}
