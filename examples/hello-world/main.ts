import { actor, createSystem, drain } from "troupe";

/** An actor without state: it says hello to whoever it is told of. */
const Host = actor({
  name: "host",
  cast: {
    welcome(_ctx, guest: string) {
      console.log(`Hello, ${guest}!`);
    },
  },
});

await using system = createSystem();
const host = system.spawn(Host);
host.welcome("world");
// A cast does not wait. To drain is to let the actor handle what it was sent, then end it.
await drain(host);
