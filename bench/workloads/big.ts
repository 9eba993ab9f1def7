import { createSystem, implement, type ActorDef, type Ref } from "troupe";
import { timed } from "../task.ts";
import type { Contest } from "../workload.ts";

const ACTORS = 500;

interface Peer {
  ping(from: Ref<Peer>): void;
  pong(): void;
  /** Pings all the others; when all of them have answered, tells how many messages that were. */
  pingAll(peers: readonly Ref<Peer>[]): Promise<number>;
}

const nobody = (): void => {};

const Peer: ActorDef<Peer> = implement<Peer>()({
  name: "peer",
  init: () => ({ missing: 0, pongs: 0, done: nobody }),
  cast: {
    ping: (_ctx, from) => from.pong(),
    pong(ctx) {
      ctx.state.pongs++;
      if (--ctx.state.missing === 0) ctx.state.done();
    },
  },
  call: {
    pingAll(ctx, peers) {
      const { self, state } = ctx;
      const reply = ctx.defer<number>();
      state.pongs = 0;
      state.missing = peers.length - 1;
      state.done = () => reply.resolve(state.pongs * 2);
      for (const peer of peers) if (peer !== self) peer.ping(self);
      return reply;
    },
  },
});

class PlainPeer {
  pongs = 0;

  ping(from: PlainPeer): void {
    from.pong();
  }

  pong(): void {
    this.pongs++;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

export const big: Contest = {
  name: "big",
  what: "a message, when 500 actors ping all the others at once, and all are answered",
  tasks: [
    timed({
      label: "big",
      adapter: "big",
      size: { actors: ACTORS },
      // A ping and a pong between each and every other.
      ops: ({ actors = 0 }) => actors * (actors - 1) * 2,
      divisible: false,
      troupe: ({ actors = 0 }) => {
        const system = createSystem();
        const peers = Array.from({ length: actors }, () => system.spawn(Peer));
        return async () => sum(await Promise.all(peers.map((peer) => peer.pingAll(peers))));
      },
      plain: {
        who: "method call",
        prepare: ({ actors = 0 }) => {
          const peers = Array.from({ length: actors }, () => new PlainPeer());
          return () => {
            for (const a of peers) for (const b of peers) if (a !== b) b.ping(a);
            const messages = sum(peers.map(({ pongs }) => pongs * 2));
            for (const peer of peers) peer.pongs = 0;
            return messages;
          };
        },
      },
    }),
  ],
};
