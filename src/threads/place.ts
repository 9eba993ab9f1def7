import type { Behaviour } from "../kernel/behaviour.ts";
import { BadInputError } from "../kernel/errors.ts";
import { STAND_IN, type Place } from "../kernel/place.ts";
import { staging } from "../kernel/staging.ts";
import type { Lodging } from "../peer/stand-in.ts";
import { checkCanGo, standInFor } from "../peer/stand-ins.ts";
import { here } from "./inside.ts";

/** A place on threads; where `isReal` is false, and in a simulation, actors stay where they are. */
export function makePlace(isReal: boolean, lodging: Lodging): Place {
  const made = new WeakMap<Behaviour, Behaviour>();
  return {
    [STAND_IN](behaviour, props) {
      if (!isReal || staging.stage !== null) return behaviour;
      if (here.isThread) {
        throw new BadInputError(
          `spawn(${behaviour.name}): an actor on a thread cannot put others on threads; let one of the thread that has the pool spawn it, and send the ref`,
        );
      }
      checkCanGo(behaviour, props);
      const known = made.get(behaviour) ?? standInFor(behaviour, lodging);
      made.set(behaviour, known);
      return known;
    },
  };
}
