import { BadInputError } from "../index.ts";
import { Alarm } from "../kernel/alarm.ts";
import { checkTime } from "../kernel/options.ts";
import { RequestLife, type RequestScope } from "./request-scope.ts";
import { sendStream, streamBody } from "./stream-body.ts";

/** One server-sent event. */
export interface ServerEvent {
  /** Each line of it is a line of its own on the wire. */
  readonly data: string;
  /** Its type; without one, browsers call it `message`. */
  readonly event?: string;
  /** What a client that comes back tells as `Last-Event-ID`. */
  readonly id?: string;
  /** Time after which a client comes back, in ms. */
  readonly retry?: number;
}

/** How items become events. */
export interface EventsOptions<T> {
  /** Default: the item as JSON for data. */
  readonly toEvent?: (item: T) => ServerEvent;
  /** A comment is sent after so much silence, for proxies that cut off what is silent. Default 15,000 ms. */
  readonly heartbeatMs?: number;
}

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  // Nginx would keep them until it had a page full.
  "x-accel-buffering": "no",
};

/**
 * A response that tells what an actor streams as server-sent events, until one of both leaves.
 *
 * It lifts the request's time limit, as such a response has no end of its own. When the server begins
 * to end, so does the response: a client comes back by itself.
 */
export function eventResponse<T>(
  scope: RequestScope,
  items: AsyncIterable<T>,
  options: EventsOptions<T> = {},
): Response {
  return new Response(streamBody(framesOf(scope, items, options)), { headers: HEADERS });
}

/** The same for listeners of Node's; resolves when one of both has left. */
export function sendEvents<T>(
  scope: RequestScope,
  items: AsyncIterable<T>,
  options: EventsOptions<T> = {},
): Promise<void> {
  const { outgoing } = scope;
  if (outgoing === undefined) {
    throw new BadInputError("sendEvents: the request has no response of Node's; use eventResponse");
  }
  const frames = framesOf(scope, items, options);
  outgoing.writeHead(200, HEADERS);
  return sendStream(outgoing, frames);
}

function framesOf<T>(
  scope: RequestScope,
  items: AsyncIterable<T>,
  { toEvent = asJson, heartbeatMs = 15_000 }: EventsOptions<T>,
): AsyncIterable<string> {
  checkTime("events: heartbeatMs", heartbeatMs);
  if (!(scope instanceof RequestLife)) {
    throw new BadInputError("events: the scope must be the one that the handler was given");
  }
  scope.limit(Infinity);
  return {
    [Symbol.asyncIterator]: () =>
      new Frames(scope, items[Symbol.asyncIterator](), toEvent, heartbeatMs),
  };
}

function asJson(item: unknown): ServerEvent {
  return { data: JSON.stringify(item) ?? "null" };
}

/** As the standard has it: fields, one a line, and an empty line behind. */
function frameOf({ data, event, id, retry }: ServerEvent): string {
  const head = [
    ...(event === undefined ? [] : [`event: ${oneLine(event)}`]),
    ...(id === undefined ? [] : [`id: ${oneLine(id)}`]),
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
  ];
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`);
  return `${[...head, ...lines].join("\n")}\n\n`;
}

/** What is behind a line break would be another field, perhaps of somebody else's making. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]+/g, " ");
}

const HEARTBEAT: IteratorResult<string> = { done: false, value: ":\n\n" };

/** Frames as they come, and a comment where none does. */
class Frames<T> implements AsyncIterator<string> {
  readonly #life: RequestLife<unknown>;
  readonly #items: AsyncIterator<T>;
  readonly #toEvent: (item: T) => ServerEvent;
  readonly #heartbeatMs: number;
  /** The next item has been asked for: once, whatever number of heartbeats it takes to come. */
  #isAsked = false;
  #came: IteratorResult<T> | { readonly error: unknown } | null = null;
  #wake: () => void = () => {};

  constructor(
    life: RequestLife<unknown>,
    items: AsyncIterator<T>,
    toEvent: (item: T) => ServerEvent,
    heartbeatMs: number,
  ) {
    this.#life = life;
    this.#items = items;
    this.#toEvent = toEvent;
    this.#heartbeatMs = heartbeatMs;
    life.whenEnding(() => this.#wake());
  }

  async next(): Promise<IteratorResult<string>> {
    if (!this.#isAsked && !this.#life.isEnding) void this.#ask();
    if (this.#came === null && !this.#life.isEnding) await this.#somethingOrTime();
    const came = this.#came as IteratorResult<T> | { readonly error: unknown } | null;
    if (came === null) return this.#life.isEnding ? this.#leave() : HEARTBEAT;
    this.#isAsked = false;
    this.#came = null;
    if ("error" in came) throw came.error;
    if (came.done === true) return { done: true, value: undefined };
    try {
      return { done: false, value: frameOf(this.#toEvent(came.value)) };
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  /** Ends by itself, and waits for nothing: a generator that awaits cannot be left before that came. */
  #leave(): IteratorResult<string> {
    this.return().catch(() => {});
    return { done: true, value: undefined };
  }

  async #ask(): Promise<void> {
    this.#isAsked = true;
    try {
      this.#came = await this.#items.next();
    } catch (error) {
      this.#came = { error };
    }
    this.#wake();
  }

  #somethingOrTime(): Promise<void> {
    const { wheel } = this.#life;
    return new Promise((resolve) => {
      const alarm = new Alarm(resolve);
      if (this.#heartbeatMs !== Infinity) wheel.set(alarm, this.#heartbeatMs);
      this.#wake = () => {
        wheel.cancel(alarm);
        resolve();
      };
    });
  }

  async return(): Promise<IteratorResult<string>> {
    this.#wake();
    await this.#items.return?.();
    return { done: true, value: undefined };
  }
}
