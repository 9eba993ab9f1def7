import { FOREIGN } from "../kernel/cell.ts";
import { BadInputError } from "../kernel/errors.ts";
import { cellOf, WAYS, type ActorRef, type Way } from "../kernel/ref.ts";
import { viewWith, type RefOptions } from "../kernel/views.ts";
import type { Refs } from "../wire/codec.ts";
import type { Peer } from "./peer.ts";

/** One method of a view as it goes: its name, its verb's, and its manners. */
type PackedWay = readonly [
  method: string,
  verb: string,
  timeout: number | undefined,
  whenFull: RefOptions["whenFull"],
];

/** Refs on their way over one connection. */
export class RefsOf implements Refs {
  readonly #peer: Peer;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  pack(ref: ActorRef, path: string): readonly unknown[] {
    const cell = cellOf(ref);
    const { imports, exports, kernel } = this.#peer;
    if (cell.kernel !== kernel) {
      throw new BadInputError(
        `${path} is a ref to ${cell.label} of another system, ${cell.kernel.name}; only refs of ${kernel.name} can be sent from here`,
      );
    }
    const theirs = (cell.flags & FOREIGN) === 0 ? 0 : imports.numberOf(cell);
    const number = theirs === 0 ? -exports.numberOf(cell) : theirs;
    const { [WAYS]: ways } = ref;
    return ways === undefined ? [number] : [number, packWays(ways, path)];
  }

  unpack([number, ways]: readonly [number, (readonly PackedWay[])?]): unknown {
    const { imports, exports } = this.#peer;
    const cell = number > 0 ? exports.at(number) : imports.get(-number);
    // The other side let go of it while it was on its way here: it had ended.
    if (cell === undefined) return undefined;
    if (ways === undefined) return cell.ref;
    const unpacked = ways.flatMap(([method, name, timeout, whenFull]): [string, Way][] => {
      const verb = cell.behaviour.verbs.get(name);
      return verb === undefined ? [] : [[method, { verb, options: { timeout, whenFull } }]];
    });
    return viewWith(cell.ref, new Map(unpacked));
  }
}

function packWays(ways: ReadonlyMap<string, Way>, path: string): PackedWay[] {
  return Array.from(ways, ([method, { verb, options, convert, isAttempt }]) => {
    if (convert !== undefined || isAttempt === true || options?.signal !== undefined) {
      throw new BadInputError(
        `${path} is a view that converts, attempts or has a signal, and such views stay where they are; send the ref itself`,
      );
    }
    return [method, verb.name, options?.timeout, options?.whenFull];
  });
}
