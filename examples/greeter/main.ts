import { createSystem, drain, loop } from "troupe";

/** An async function is an actor too. It lives as long as it runs, its state is its variables. */
const Greeter = loop<string>(
  async (inbox) => {
    let greeted = 0;
    for await (const name of inbox) {
      greeted++;
      console.log(`Hello, ${name}!`);
    }
    // A stop ends the iteration: what stands behind it is the clean-up.
    console.log(`greeted ${greeted}, good night`);
  },
  { name: "greeter" },
);

await using system = createSystem();
const greeter = system.spawn(Greeter);
for (const name of ["Joe", "Mike", "Robert"]) greeter.send(name);
await drain(greeter);
