import { actor, started, stop } from "troupe";
import { register } from "troupe/threads";
import { expect, test } from "vitest";
import { Nodes } from "./pair.ts";
import { settle } from "./traffic.ts";

const Bearer = actor({ name: "bearer", call: { hello: () => "hello" } });
const Namer = actor({
  name: "namer",
  call: {
    tryToName: async (ctx, name: string) => {
      const child = ctx.spawn(Bearer, undefined, { name });
      return started(child).then(
        () => "started",
        (error: Error) => error.message,
      );
    },
  },
});
register({ Bearer, Namer });

test("a name that was refused is given when its bearer has ended", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const bearer = system.spawn(Bearer, undefined, { name: "anna" });
  const namer = system.spawn(Namer, undefined, { on: nodes.guest().place });
  for (let i = 0; i < 2; i++) {
    expect(await namer.tryToName("anna")).toMatch(/"anna" is taken/);
    expect(system.whereIs(Bearer, "anna")).toBe(bearer);
  }
  await stop(bearer);
  await settle();
  expect(await namer.tryToName("anna")).toBe("started");
});
