import { createSystem, implement, type ActorDef, type Ref } from "troupe";
import { signal, timed } from "../task.ts";
import type { Contest } from "../workload.ts";

const MESSAGES = 1_000_000;

interface Player {
  ball(left: number, from: Ref<Player>, done: () => void): void;
  /** How many balls it has got. */
  balls(): Promise<number>;
}

const Player: ActorDef<Player> = implement<Player>()({
  name: "player",
  init: () => ({ balls: 0 }),
  cast: {
    ball(ctx, left, from, done) {
      ctx.state.balls++;
      if (left === 0) done();
      else from.ball(left - 1, ctx.self, done);
    },
  },
  call: { balls: (ctx) => ctx.state.balls },
});

class PlainPlayer {
  other: PlainPlayer = this;
  balls = 0;

  ball(): PlainPlayer {
    this.balls++;
    return this.other;
  }
}

export const pingPong: Contest = {
  name: "ping-pong",
  what: "a message between two actors that take turns",
  tasks: [
    timed({
      label: "ping-pong",
      adapter: "pingPong",
      size: { messages: MESSAGES },
      ops: ({ messages = 0 }) => messages,
      divisible: true,
      troupe: () => {
        const system = createSystem();
        const ping = system.spawn(Player);
        const pong = system.spawn(Player);
        let before = 0;
        return async (ops) => {
          const { fired, fire } = signal();
          ping.ball(ops - 1, pong, fire);
          await fired;
          const played = (await ping.balls()) + (await pong.balls()) - before;
          before += played;
          return played;
        };
      },
      plain: {
        who: "method call",
        prepare: () => {
          const first = new PlainPlayer();
          first.other = new PlainPlayer();
          first.other.other = first;
          return (ops) => {
            const before = first.balls + first.other.balls;
            let player = first;
            for (let i = 0; i < ops; i++) player = player.ball();
            return first.balls + first.other.balls - before;
          };
        },
      },
    }),
  ],
};
