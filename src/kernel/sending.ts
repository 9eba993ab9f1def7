import { cast, openCall, sender, type CallOptions } from "./calls.ts";
import { CLOSED, type Cell } from "./cell.ts";
import { Envelope } from "./envelope.ts";
import { isFull, waitForRoom } from "./mailbox.ts";
import type { Way } from "./ref.ts";
import { openStream } from "./streams.ts";
import type { Verb } from "./verb.ts";

/** Sends by a method of a view: the way's own options hold, unless there are others. */
export function sendBy(
  to: Cell,
  { verb, options: own }: Way,
  args: readonly unknown[],
  options: CallOptions | undefined = own,
): unknown {
  switch (verb.kind) {
    case "cast":
      return options?.whenFull === "wait" ? castWhenRoom(to, verb, args) : cast(to, verb, args);
    case "call":
      return openCall(to, verb, args, options);
    case "stream":
      return openStream(to, verb, args, options);
  }
}

/** Resolves when the message was admitted; where the actor is gone, it is a dead letter. */
function castWhenRoom(to: Cell, verb: Verb, args: readonly unknown[]): Promise<void> {
  if (!isFull(to) || (to.flags & CLOSED) !== 0) {
    cast(to, verb, args);
    return Promise.resolve();
  }
  const envelope = Envelope.of(to, verb, args, null, sender(to));
  return new Promise((resolve, reject) => {
    // When there is no room for lack of an actor, `deliver` makes it the dead letter that it is.
    waitForRoom(to, () => {
      try {
        to.kernel.router.deliver(envelope);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}
