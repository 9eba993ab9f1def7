import { BadInputError } from "../../index.ts";

/**
 * Runs every microtask and next-tick callback that is due, and all that these bring about.
 *
 * `process._tickCallback` is what Node itself calls between two callbacks of the event loop. It is
 * not documented as an API, and has been there under this name since Node 0.10; it is the only way
 * to settle promises without giving the event loop a turn, which a simulation must never do: a real
 * timer or socket could get in between. Must not be called from within a microtask.
 */
type Drain = () => void;

let found: Drain | undefined;

/** How this host settles its promises on demand; throws `BadInputError` where it cannot. */
export function drainOfHost(): Drain {
  found ??= (process as { _tickCallback?: Drain })._tickCallback;
  if (typeof found === "function") return found;
  throw new BadInputError(
    "simulate: this host cannot settle its promises on demand; simulations need Node.js 20 or newer",
  );
}
