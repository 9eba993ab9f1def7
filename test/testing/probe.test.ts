import { expect, test } from "vitest";
import { actor } from "troupe";
import { createTestSystem } from "troupe/testing";
import { follow } from "../support/gate.ts";

const Mail = actor({
  name: "mail",
  cast: { note(_ctx, _text: string) {} },
  call: { send: (_ctx, to: string) => `sent to ${to}` },
  stream: {
    async *inbox() {
      yield "letter";
    },
  },
});

function setUp() {
  const kit = createTestSystem();
  return { kit, probe: kit.probe(Mail) };
}

test("a probe keeps what it is sent, and hands it out in order", async () => {
  const { probe } = setUp();
  probe.ref.note("a");
  follow(probe.ref.send("ann"));
  expect((await probe.expect("note")).args).toEqual(["a"]);
  expect(probe.received).toHaveLength(1);
  expect((await probe.expect("send")).args).toEqual(["ann"]);
  await probe.expectNothing();
});

test("another message than the expected, or none, is an error that says which", async () => {
  const { probe } = setUp();
  await expect(probe.expect("note")).rejects.toThrow("probe: expected note, and nothing came");
  probe.ref.note("a");
  await expect(probe.expect("send")).rejects.toThrow("probe: expected send, got note(a)");
  probe.ref.note("b");
  await expect(probe.expectNothing()).rejects.toThrow("probe: expected nothing, got note(b)");
});

test("a call is answered or refused by hand, when the test says so", async () => {
  const { kit, probe } = setUp();
  const sent = follow(probe.ref.send("ann"));
  const refused = follow(probe.ref.send("bob"));
  await kit.run();
  expect(sent.outcomes).toEqual([]);
  (await probe.expect("send")).reply("done");
  (await probe.expect("send")).refuse("no such address");
  await kit.run();
  expect([sent.outcomes, refused.outcomes]).toEqual([
    [{ value: "done" }],
    [{ error: "no such address" }],
  ]);
});

test("calls can be answered by a function, and are received all the same", async () => {
  const { probe } = setUp();
  probe.answer("send", (to) => `to ${to}`);
  expect(await probe.ref.send("ann")).toBe("to ann");
  expect((await probe.expect("send")).args).toEqual(["ann"]);
});

test("a stream of a probe yields nothing", async () => {
  const { probe } = setUp();
  const got: string[] = [];
  for await (const letter of probe.ref.inbox()) got.push(letter);
  expect(got).toEqual([]);
  await probe.expect("inbox");
});

test("a probe stands in for the real one", async () => {
  const { kit, probe } = setUp();
  const Clerk = actor({
    init: (_ctx, props: { mail: typeof probe.ref }) => props,
    cast: { work: (ctx) => ctx.state.mail.note("done") },
  });
  kit.system.spawn(Clerk, { mail: probe.ref }).work();
  expect((await probe.expect("note")).args).toEqual(["done"]);
});

test("a probe may have a name, so that it is found", () => {
  const kit = createTestSystem();
  kit.probe(Mail, "mail");
  expect(kit.system.names()).toEqual(["mail"]);
});
