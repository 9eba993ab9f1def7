import { actor, createSystem } from "troupe";

/** An account that forgets what it was paid while it was paid something else. */
const Account = actor({
  name: "account",
  init: () => ({ coins: 0 }),
  call: {
    read: (ctx) => ctx.state.coins,
    write: (ctx, coins) => void (ctx.state.coins = coins),
  },
});

/** @param {{ most: number }} given how much may be in an account */
export const scenario = ({ most }) => ({
  name: "bank",
  seeds: 20,
  directory: false,
  shrinkRuns: 50,
  boot: () => createSystem().spawn(Account),
  workload: {
    clients: 2,
    steps: 4,
    commands: {
      pay: async ({ app, chance }) => app.write((await app.read()) + chance.int(1, 9)),
      wait: () => new Promise((resolve) => setTimeout(resolve, 1_000 * Math.random())),
    },
  },
  always: { notRich: ({ app, sim }) => sim.state(app).coins <= most },
});
