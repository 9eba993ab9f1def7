import { onOsSignal } from "../world/host.ts";
import { BadInputError } from "./errors.ts";
import { EventBuffer } from "./event-buffer.ts";
import { checkName } from "./options.ts";
import { staging } from "./staging.ts";

/** Hears an OS signal until the returned function is called; in a simulation there are none. */
export function hearSignal(name: string, listener: () => void): () => void {
  return staging.stage === null ? onOsSignal(name, listener) : () => {};
}

/**
 * OS signals as a source: `ctx.source(osSignals("SIGHUP"), () => reload())`. Yields their names.
 *
 * While it is iterated, the signal does not do what it does by default. Hosts without signals
 * never yield any.
 */
export function osSignals(...names: readonly string[]): AsyncIterable<string> {
  if (names.length === 0)
    throw new BadInputError("osSignals: no signal is given; give SIGHUP, say");
  for (const name of names) checkName("osSignals: signal", name ?? "");
  return {
    [Symbol.asyncIterator]() {
      const buffer = new EventBuffer<string>({}, () => {});
      const unlisten = names.map((name) => hearSignal(name, () => buffer.push(name)));
      buffer.onEnd = () => unlisten.forEach((off) => off());
      return buffer;
    },
  };
}
