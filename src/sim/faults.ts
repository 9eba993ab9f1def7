import type { ActorDef } from "../index.ts";
import type { DiskFaults } from "./disk/disk-faults.ts";

/**
 * Whom a fault may hit: names, labels or definitions, or a function that is shown labels.
 *
 * A definition, or its name, stands for all actors of that kind. `clients` is who sends from
 * outside of all actors.
 */
export type Who = OneOf | readonly OneOf[] | ((label: string) => boolean);
type OneOf = string | ActorDef<never, never> | { readonly name: string };

/** A range, both ends included. */
export type Range = readonly [least: number, most: number];

/** A fault that hits actors with the given probability at each of their turns. */
export interface ActorFault {
  /** Between 0 and 1, for each turn. */
  readonly chance: number;
  /** Default: every actor. */
  readonly who?: Who;
}

/** What may become of messages on their way, where the user says that it may. */
export interface MessageFaults {
  /** Default: everybody, clients included. */
  readonly from?: Who;
  readonly to?: Who;
  /** Probability for a message, or for the reply to a call, to be lost. */
  readonly loss?: number;
  /** Probability for a message to be delivered twice; nobody waits for the answer to the second. */
  readonly duplicate?: number;
  /** Delays some messages, which stay in order with others of the pair, and replies, which do not. */
  readonly delay?: { readonly chance: number; readonly ms: Range };
  /** The same, and they do not stay in order. */
  readonly reorder?: { readonly chance: number; readonly ms: Range };
}

/** What goes wrong while a workload runs. What is not given does not happen. */
export interface Faults {
  /** A handler of a verb throws instead of doing its work, or after; that of a loop, instead only. */
  readonly crash?: number | ActorFault;
  /** An actor is killed: between messages, or in the middle of an async handler or hook. */
  readonly kill?: number | ActorFault;
  /** A handler takes its time, in which nobody else has a turn, as a busy CPU does. */
  readonly slow?: ActorFault & { readonly ms: Range };
  readonly messages?: MessageFaults | readonly MessageFaults[];
  /** The wall clock jumps; probability for each time that time passes. */
  readonly clock?: { readonly chance: number; readonly jumpMs: Range };
  /** The whole process stands still, and all timers are late; probability as for `clock`. */
  readonly stall?: { readonly chance: number; readonly ms: Range };
  /** The process ends at once and `boot` is called again; probabilities for each step. */
  readonly process?: {
    /** As `kill -9` does: what was written to the disk is there. */
    readonly crash?: number;
    /** The disk loses what was not synced. */
    readonly powerCut?: number;
    /** How long it is down. Default 0 to 1,000. */
    readonly downMs?: Range;
  };
  readonly disk?: DiskFaults;
  /**
   * Branches marked with `buggify(name)`: how many of them a run takes at all, and how often it
   * takes each of those. A number is for both.
   */
  readonly buggify?: number | { readonly sites: number; readonly fires: number };
}

/** The rules for messages, of which there may be one or many. */
export function messageRules({ messages = [] }: Faults): readonly MessageFaults[] {
  return Array.isArray(messages) ? messages : [messages as MessageFaults];
}

/** Makes a test for labels of what the user said. `kind` is the name of the actor's definition. */
export function matcher(who: Who | undefined): (label: string, kind: string) => boolean {
  if (who === undefined) return () => true;
  if (typeof who === "function") return (label) => who(label);
  const names = new Set((isList(who) ? who : [who]).map(nameOf));
  return (label, kind) => names.has(label) || names.has(kind);
}

/** Every name that a scenario's faults are for; what functions pick is their business. */
export function namesIn(faults: Faults): string[] {
  const { crash, kill, slow } = faults;
  const whos = [
    ...[crash, kill, slow].map((fault) => (typeof fault === "object" ? fault.who : undefined)),
    ...messageRules(faults).flatMap(({ from, to }) => [from, to]),
  ];
  return whos.flatMap((who) => {
    if (who === undefined || typeof who === "function") return [];
    return (isList(who) ? who : [who]).map(nameOf);
  });
}

function isList(who: OneOf | readonly OneOf[]): who is readonly OneOf[] {
  return Array.isArray(who);
}

function nameOf(who: OneOf): string {
  if (typeof who === "string") return who;
  return who.name;
}
