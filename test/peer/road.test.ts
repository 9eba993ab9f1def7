import { started, withOptions } from "troupe";
import { expect, test } from "vitest";
import { outcome } from "../support/outcome.ts";
import { Nodes } from "./pair.ts";
import { Sink } from "./sink.ts";
import { holdBack, placeLater, settle } from "./traffic.ts";

test("a call whose caller has given up before there was a node is not made", async () => {
  await using nodes = new Nodes();
  const { system } = nodes;
  const later = placeLater(nodes.guest());
  const sink = system.spawn(Sink, undefined, { on: later.place });
  const impatience = new AbortController();
  const given = withOptions(sink, { signal: impatience.signal }).echo(1);
  impatience.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  const before = system.stats().skippedCalls;
  later.open();
  await started(sink);
  expect(system.stats().skippedCalls - before).toBe(1);
});

test("nobody who sends later overtakes one who has waited for room since before there was a node", async () => {
  await using nodes = new Nodes();
  const guest = nodes.guest();
  const later = placeLater(guest);
  const mailbox = { capacity: 2 };
  const sink = nodes.system.spawn(Sink, undefined, { on: later.place, mailbox });
  sink.put(1);
  // It holds a place, and does not go: the body has room for the one who waits.
  const impatience = new AbortController();
  const given = withOptions(sink, { signal: impatience.signal }).echo("never");
  impatience.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  const waiting = withOptions(sink, { whenFull: "wait" }).put(2);
  expect(await outcome(waiting)).toBe("pending");
  const way = holdBack(guest.home);
  later.open();
  await settle();
  sink.put(3);
  way.open();
  await waiting;
  expect(await sink.all()).toEqual([1, 2, 3]);
});
