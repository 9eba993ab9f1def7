import { actor, createSystem } from "troupe";

/** The server of "The Road to the Generic Server" in Armstrong's *Programming Erlang*. */
const NameServer = actor({
  name: "name-server",
  init: () => new Map<string, string>(),
  call: {
    add(ctx, name: string, place: string) {
      ctx.state.set(name, place);
    },
    find: (ctx, name: string) => ctx.state.get(name),
  },
});

await using system = createSystem();
const names = system.spawn(NameServer);

await names.add("Joe", "at home");
console.log(`Joe is ${await names.find("Joe")}`);
console.log(`Mike is ${(await names.find("Mike")) ?? "nowhere that we know of"}`);
