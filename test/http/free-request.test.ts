import { expect, test } from "vitest";
import type { RefOf } from "troupe";
import { eventResponse, requestScope, sendEvents, type FetchHandler } from "troupe/http";
import { createTestSystem } from "troupe/testing";
import { follow } from "../support/gate.ts";
import { Counter } from "./stage.ts";

const handler: FetchHandler<RefOf<typeof Counter>> = async (request, scope) =>
  Response.json({ url: request.url, count: await scope.ref(scope.state).add() });

test("a handler needs no server: it can be called with a request and a scope", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  using scope = requestScope(kit.system, { state: counter });
  const response = await handler(new Request("http://test/count"), scope);
  expect(await response.json()).toEqual({ url: "http://test/count", count: 1 });
  expect([scope.incoming, scope.outgoing]).toEqual([undefined, undefined]);
});

test("its time is the system's, and ends its calls", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  using scope = requestScope(kit.system, { deadlineMs: 700 });
  expect(await scope.ref(counter).remaining()).toBe(700);
  const { outcomes } = follow(scope.ref(counter).slow());
  await kit.advance(700);
  expect(outcomes).toMatchObject([{ error: { code: "TROUPE_TIMEOUT" } }]);
  expect(scope.signal.aborted).toBe(true);
});

test("a signal of somebody else's ends it, also one that has aborted", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  const left = new AbortController();
  using scope = requestScope(kit.system, { signal: left.signal });
  const { outcomes } = follow(scope.ref(counter).slow());
  await kit.run();
  left.abort("gone");
  await kit.run();
  expect(outcomes).toEqual([{ error: "gone" }]);
  using late = requestScope(kit.system, { signal: left.signal });
  await expect(late.ref(counter).add()).rejects.toBe("gone");
});

test("it is over when it is disposed of: no time is counted, and no signal heard", async () => {
  await using kit = createTestSystem();
  const left = new AbortController();
  const scope = requestScope(kit.system, { deadlineMs: 100, signal: left.signal });
  scope[Symbol.dispose]();
  scope.limit(50);
  await kit.advance(1_000);
  left.abort();
  expect(scope.signal.aborted).toBe(false);
});

test("it can tell of events, but not by a response of Node's", async () => {
  await using kit = createTestSystem();
  const counter = kit.system.spawn(Counter);
  using scope = requestScope(kit.system);
  const response = eventResponse(scope, scope.ref(counter).numbers(2));
  expect(await response.text()).toBe("data: 1\n\ndata: 2\n\n");
  expect(() => sendEvents(scope, scope.ref(counter).numbers(2))).toThrow("use eventResponse");
  const imitation = { ...scope, limit() {} };
  expect(() => eventResponse(imitation as never, scope.ref(counter).numbers(2))).toThrow(
    "the scope must be the one that the handler was given",
  );
});

test("what is no system, and no limit, is refused", async () => {
  await using kit = createTestSystem();
  expect(() => requestScope({} as never)).toThrow("it must be a system");
  expect(() => requestScope(kit.system, { deadlineMs: -1 })).toThrow("deadlineMs");
});
