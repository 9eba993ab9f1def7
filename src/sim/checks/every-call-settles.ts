import type { PendingCall } from "../../kernel/pending-call.ts";
import { Observation } from "./observation.ts";

/** So many are looked through at the least. */
const FEW = 256;

/**
 * Every call is answered, refused, timed out or rejected because its receiver is gone: at the
 * latest when the systems have stopped, nobody waits any more.
 */
export function everyCallSettles(): Observation {
  return new Observation((run) => {
    let open: PendingCall[] = [];
    let limit = FEW;
    const prune = (): void => {
      open = open.filter((call) => !call.settled);
      limit = Math.max(FEW, open.length * 2);
    };
    return {
      sent({ call }) {
        if (call === null) return undefined;
        if (open.length >= limit) prune();
        open.push(call);
        return undefined;
      },
      crashed() {
        open = [];
      },
      ended() {
        prune();
        const [first] = open;
        if (first === undefined) return undefined;
        return `${open.length} of the calls never settled, the first is ${first.verb.name} to ${run.labelOf(first.to)}`;
      },
    };
  });
}
