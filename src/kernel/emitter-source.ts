import { BadInputError } from "./errors.ts";
import { checkBuffer, EventBuffer, type BufferOptions } from "./event-buffer.ts";
import { checkName } from "./options.ts";

/** What Node calls an event emitter, as far as it is used here. */
interface NodeEmitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}
/** What the web calls an event target. */
interface WebEmitter {
  addEventListener(type: string, listener: (event: unknown) => void): void;
  removeEventListener(type: string, listener: (event: unknown) => void): void;
}
/** Something that tells of events to whoever listens. */
export type Emitter = NodeEmitter | WebEmitter;

/** When a source of events ends, how it fails, and how much may wait. */
export interface EmitterOptions extends BufferOptions {
  /** An event that ends the source, such as `close`. */
  readonly until?: string;
  /** An event that fails it. Default `error` for Node's emitters, none for event targets. */
  readonly failOn?: string;
}

/** Events as something to iterate, once for each time that somebody does. */
export interface EmitterSource<T> extends AsyncIterable<T> {
  /** Events that found a full buffer: an emitter cannot be made to wait. */
  readonly dropped: number;
}

/**
 * Makes a source of an event emitter or an event target: `ctx.source(fromEvents(socket, "data"), …)`.
 *
 * Yields what the listener gets first. Listens from the moment it is iterated until that ends, so
 * in an actor for as long as the incarnation lives.
 */
export function fromEvents<T>(
  emitter: Emitter,
  event: string,
  options: EmitterOptions = {},
): EmitterSource<T> {
  checkName("fromEvents: event", event ?? "");
  checkBuffer("fromEvents", options);
  const listen = listenTo(emitter);
  const { until, failOn = "on" in emitter ? "error" : undefined } = options;
  let dropped = 0;
  return {
    get dropped() {
      return dropped;
    },
    [Symbol.asyncIterator]() {
      const buffer = new EventBuffer<T>(options, () => dropped++);
      const unlisten = [listen(event, (value) => buffer.push(value as T))];
      if (until !== undefined) unlisten.push(listen(until, () => buffer.end()));
      if (failOn !== undefined && failOn !== event) {
        unlisten.push(listen(failOn, (error) => buffer.end({ error })));
      }
      buffer.onEnd = () => unlisten.forEach((off) => off());
      return buffer;
    },
  };
}

type Listen = (event: string, listener: (value: unknown) => void) => () => void;

function listenTo(emitter: Emitter): Listen {
  if (typeof emitter === "object" && emitter !== null) {
    if ("on" in emitter) {
      return (event, listener) => {
        emitter.on(event, listener);
        return () => void emitter.off(event, listener);
      };
    }
    if ("addEventListener" in emitter) {
      return (event, listener) => {
        emitter.addEventListener(event, listener);
        return () => emitter.removeEventListener(event, listener);
      };
    }
  }
  throw new BadInputError(
    `fromEvents: ${String(emitter)} emits nothing; give an event emitter or an event target`,
  );
}
