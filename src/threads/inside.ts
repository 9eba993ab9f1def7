import { starter, type Starter } from "../world/workers.ts";
import { KILLED } from "../kernel/exit-reason.ts";
import { takeTurn } from "../kernel/turn.ts";
import { HOST, wire } from "../kernel/wiring.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Scheduler } from "../kernel/scheduler.ts";
import { Bodies } from "../peer/bodies.ts";
import { shareWith } from "../peer/common.ts";
import { Peer } from "../peer/peer.ts";
import type { Batch } from "../peer/transport.ts";
import { PING, REPLY } from "../wire/ops.ts";
import { HELLO, isGreeting, type Greeting } from "./greeting.ts";
import { Pulse } from "./pulse.ts";
import { reportTo, tellingLogger } from "./reports.ts";

let begun = false;

/** True in a thread that serves actors of the one that started it. */
export const here: { isThread: boolean } = { isThread: false };

/** Begins to serve whoever started this thread; elsewhere, and the second time, nothing happens. */
export function serveStarter(): void {
  if (begun) return;
  begun = true;
  const from = starter();
  if (from === null || (from.data !== null && !isGreeting(from.data))) return;
  let receive: ((batch: Batch) => boolean) | null = null;
  const begin = (greeting: Greeting): void => {
    const node = serve(from, greeting);
    receive = node.receive;
    // Not before the module has been run to its end: what it throws there is a thread that never was.
    node.kernel.world.yieldToHost(() => from.post(HELLO, []));
  };
  from.listen((message) => {
    if (Array.isArray(message)) return receive?.(message as unknown as Batch) ?? true;
    // Said again until it is answered, by hosts that lose what comes before anybody listens.
    if (receive === null && isGreeting(message)) begin(message.troupe);
    return true;
  });
  if (isGreeting(from.data)) begin(from.data.troupe);
}

/** Makes this thread's node; answers it, and what takes in batches. */
function serve(
  from: Starter,
  greeting: Greeting,
): { readonly kernel: Kernel; readonly receive: (batch: Batch) => boolean } {
  here.isThread = true;
  const { name, root, development, callTimeout, capacity, window, control, beatMs } = greeting;
  const pulse = control === undefined ? null : new Pulse(control, takeTurn);
  let peer: Peer | null = null;
  const kernel: Kernel = wire(
    {
      name,
      development,
      callTimeout,
      // To compute is what actors are put there for; the watchdog sees to those that do not end.
      slowHandlerMs: Infinity,
      mailboxCapacity: capacity,
      logger: tellingLogger(() => peer!.outbox),
    },
    {
      ...HOST,
      failuresGoElsewhere: true,
      root,
      scheduler: (world, take, beforePause) =>
        new Scheduler(world, pulse?.takeTurn ?? take, () => {
          beforePause?.();
          pulse?.note();
        }),
    },
  );
  const transport = {
    post: (batch: Batch, transfers: readonly object[]) => from.post(batch, transfers),
  };
  peer = new Peer(kernel, transport, { name: "the thread that started this one", window });
  const bodies = new Bodies(peer);
  shareWith(peer, false);
  reportTo(peer, kernel, control);
  pulse?.start(peer, bodies, beatMs);
  peer.on(PING, (reader) => {
    pulse?.answer();
    peer.outbox.say(REPLY, reader.next(), undefined);
  });
  from.onError((error) => peer.close(KILLED, asError(error)));
  const receive = (batch: Batch): boolean => {
    // Messages may come so fast that no timer has its turn between them.
    pulse?.beat();
    const hasTime = peer.receive(batch);
    pulse?.note();
    return hasTime;
  };
  return { kernel, receive };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
