import { LoopInbox } from "../../behaviours/inbox.ts";
import type { Cell } from "../../kernel/cell.ts";
import type { Envelope } from "../../kernel/envelope.ts";
import { Observation } from "./observation.ts";

/** From one sender to one receiver. */
class Pair {
  sent = 0;
  handled = 0;
}

/**
 * Messages of one actor to another are handled in the order of sending.
 *
 * Looks at the first time that each is handled: what an actor stashes comes again when it says so.
 * Actors that pick their messages (loops with `receive(wanted)`) are left out, and so is what comes
 * from outside of actors, for nobody knows who is one sender there.
 */
export function pairOrder(): Observation {
  return new Observation((run) => {
    const pairs = new WeakMap<Cell, WeakMap<Cell, Pair>>();
    const numbers = new WeakMap<Envelope, number>();
    const pickers = new WeakSet<Cell>();
    const pairOf = (from: Cell, to: Cell): Pair => {
      let senders = pairs.get(to);
      if (senders === undefined) pairs.set(to, (senders = new WeakMap()));
      let pair = senders.get(from);
      if (pair === undefined) senders.set(from, (pair = new Pair()));
      return pair;
    };
    return {
      sent(envelope) {
        const { from, to, verb } = envelope;
        if (from !== null && !verb.internal) numbers.set(envelope, ++pairOf(from, to).sent);
        return undefined;
      },
      handled(cell, record, envelope) {
        const number = numbers.get(envelope);
        const { from, verb } = envelope;
        if (number === undefined || from === null) return undefined;
        numbers.delete(envelope);
        const pair = pairOf(from, cell);
        const last = pair.handled;
        pair.handled = number;
        if (picks(cell)) pickers.add(cell);
        if (number > last || pickers.has(cell)) return undefined;
        return `${record.label} handled ${verb.name}, message ${number} from ${run.labelOf(from)}, after message ${last}`;
      },
    };
  });
}

/** True for a loop that has asked for some messages before others, in this life of its. */
function picks({ incarnation }: Cell): boolean {
  const state = incarnation?.lastState;
  return state instanceof LoopInbox && state.hasPicked;
}
