import type { ServerResponse } from "node:http";
import { createHostWorld } from "../world/host-world.ts";
import { roomIn } from "./room.ts";

/** What can be sent as it is: text goes as UTF-8. */
export type Chunk = string | Uint8Array;

/** Sockets live in the host's time, also where actors do not. */
const world = createHostWorld();
const utf8 = new TextEncoder();

/**
 * The body of a `Response`, made of what an actor streams.
 *
 * ```text
 *   client reads ──► room in the socket ──► pull ──► next() ──► the actor's generator runs on
 *   client leaves ─────────────────────────► cancel ─► return() ─► its `finally`
 * ```
 *
 * Nothing is asked for before there is room for it. When the stream fails after the head has gone,
 * the connection is broken off, so that nobody takes a part for the whole.
 */
export function streamBody(items: AsyncIterable<Chunk>): ReadableStream<Uint8Array>;
export function streamBody<T>(
  items: AsyncIterable<T>,
  encode: (item: T) => Chunk,
): ReadableStream<Uint8Array>;
export function streamBody(
  items: AsyncIterable<unknown>,
  encode?: (item: never) => Chunk,
): ReadableStream<Uint8Array> {
  return bodyOf(items, encode);
}

function bodyOf(
  items: AsyncIterable<unknown>,
  // Without an encoder they are chunks: see the overloads.
  encode: (item: never) => Chunk = (item: Chunk) => item,
): ReadableStream<Uint8Array> {
  const iterator = items[Symbol.asyncIterator]();
  const leave = async (): Promise<void> => void (await iterator.return?.());
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done === true) return controller.close();
        try {
          const chunk = encode(value as never);
          controller.enqueue(typeof chunk === "string" ? utf8.encode(chunk) : chunk);
        } catch (error) {
          void leave().catch(() => {});
          throw error;
        }
      },
      cancel: leave,
    },
    // Nothing ahead of the reader: each item is a message to the actor.
    { highWaterMark: 0 },
  );
}

/**
 * Sends what an actor streams as the rest of the response, and ends it: for listeners of Node's.
 *
 * Resolves when all of it is handed over, or the client has left; rejects with what the stream
 * fails with.
 */
export function sendStream(response: ServerResponse, items: AsyncIterable<Chunk>): Promise<void>;
export function sendStream<T>(
  response: ServerResponse,
  items: AsyncIterable<T>,
  encode: (item: T) => Chunk,
): Promise<void>;
export function sendStream(
  response: ServerResponse,
  items: AsyncIterable<unknown>,
  encode?: (item: never) => Chunk,
): Promise<void> {
  return sendBody(response, bodyOf(items, encode));
}

/** Node takes all that is written to such a response, at any pace, and sends none of it. */
function hasNoBody({ req, statusCode }: ServerResponse): boolean {
  return req.method === "HEAD" || statusCode === 204 || statusCode === 304;
}

/** Sends a web stream by Node's response, at the pace of the client, and ends it. */
export async function sendBody(
  outgoing: ServerResponse,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const reader = body.getReader();
  const leave = (): void => void reader.cancel().catch(() => {});
  if (outgoing.destroyed) return leave();
  if (hasNoBody(outgoing)) {
    leave();
    outgoing.end();
    return;
  }
  outgoing.once("close", leave);
  let isQuiet = true;
  // A stream that is quiet at first still has a head, which its client waits for.
  world.yieldToHost(() => {
    if (isQuiet && !outgoing.destroyed) outgoing.flushHeaders();
  });
  for (;;) {
    const { done, value } = await reader.read();
    isQuiet = false;
    if (done || outgoing.destroyed) break;
    if (!outgoing.write(value)) await roomIn(outgoing);
  }
  outgoing.off("close", leave);
  outgoing.end();
}
