import { actor, attempt, createSystem, drain, withOptions, type WhenFull } from "troupe";

/** Takes its time with every item, and remembers which it got. */
const Consumer = actor({
  name: "consumer",
  init: () => ({ got: new Array<number>() }),
  cast: {
    async take(ctx, item: number) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      ctx.state.got.push(item);
    },
  },
  exit: (ctx) => console.log(`  handled ${ctx.state?.got.join(" ")}`),
});

const ITEMS = Array.from({ length: 10 }, (_, i) => i);

await using system = createSystem({ logger: false });
let dropped: unknown[] = [];
// What is dropped is never lost from sight: each is a dead letter.
system.on((event) => void dropped.push(event.args[0]), "deadLetter");

/** A consumer that three items may wait for. */
function consumer(whenFull: WhenFull) {
  return system.spawn(Consumer, undefined, { mailbox: { capacity: 3, whenFull } });
}

// 1. Wait: casts return promises, and the producer goes at the pace of the consumer.
console.log("wait");
const patient = consumer("reject");
const waiting = withOptions(patient, { whenFull: "wait" });
for (const item of ITEMS) await waiting.take(item);
await drain(patient);

// 2. Try: the producer is told, and decides by itself.
console.log("try");
const tried = consumer("reject");
const outcomes = ITEMS.map((item) => attempt(tried).take(item));
console.log(`  sent ${count(outcomes, "sent")}, full ${count(outcomes, "full")}`);
await drain(tried);

// 3. Drop: one end of the queue gives way. The producer need not know.
for (const policy of ["dropOldest", "dropNewest"] as const) {
  console.log(policy);
  dropped = [];
  const lossy = consumer(policy);
  for (const item of ITEMS) lossy.take(item);
  await drain(lossy);
  console.log(`  dropped ${dropped.join(" ")}`);
}
console.log(`${system.stats().overflows} times a mailbox was full`);

function count<T>(all: readonly T[], what: T): number {
  return all.filter((one) => one === what).length;
}
