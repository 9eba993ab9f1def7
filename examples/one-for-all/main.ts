import { actor, createSystem, describeReason, exited, supervisor } from "troupe";

/** A part of a whole: it says when it starts and why it ends. */
const Part = actor({
  name: "part",
  init: (ctx) => console.log(`${ctx.name} starts`),
  cast: {
    fail(_ctx, why: string) {
      throw new Error(why);
    },
  },
  call: { ready: () => true },
  exit: (ctx, reason) => console.log(`${ctx.name} ends: ${reason.kind}`),
});

/** These make sense only together: when one fails, all begin anew. One failure a minute is borne. */
const Radio = supervisor({
  name: "radio",
  strategy: "oneForAll",
  intensity: { max: 1, within: 60_000 },
  children: {
    tuner: { actor: Part, name: "tuner" },
    amplifier: { actor: Part, name: "amplifier" },
    speaker: { actor: Part, name: "speaker" },
  },
});

await using system = createSystem({ logger: false });
const radio = system.spawn(Radio, undefined, { name: "radio" });
console.log(`${(await radio.count()).active} parts are up`);

console.log("\nthe amplifier fails:");
radio.child("amplifier").fail("a fuse has blown");
// The refs stay good: this call is answered by the new speaker.
await radio.child("speaker").ready();

console.log("\nit fails again, which is once too often:");
radio.child("amplifier").fail("the other fuse");
console.log(describeReason(await exited(radio)));
