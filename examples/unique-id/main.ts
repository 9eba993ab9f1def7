import { actor, createSystem } from "troupe";

/** Never gives the same number twice, whoever asks: messages are handled one at a time. */
const Ids = actor({
  name: "ids",
  init: () => ({ last: 0 }),
  call: { next: (ctx) => ++ctx.state.last },
});

await using system = createSystem();
const ids = system.spawn(Ids);
// Three that ask at once.
console.log((await Promise.all([ids.next(), ids.next(), ids.next()])).join(", "));
