import { describe, expect, test } from "vitest";
import { actor, createSystem, withOptions } from "troupe";
import { FakeHost } from "../support/fake-host.ts";
import { follow } from "../support/gate.ts";
import { outcome } from "../support/outcome.ts";

/** A system on a clock that moves when a test says so, and an actor that answers or does not. */
function setUp() {
  const host = new FakeHost();
  const system = createSystem({ world: host, development: false, callTimeout: 1_000 });
  const Server = actor({
    name: "server",
    call: {
      answer: () => "answer",
      never: () => new Promise<string>(() => {}),
      /** Holds the event loop for so long. */
      slow(_ctx, ms: number) {
        host.spend(ms);
        return "late";
      },
    },
  });
  const server = system.spawn(Server);
  host.runDeferred();
  return { host, server, other: () => system.spawn(Server) };
}

/** Lets everything happen that needs no time to pass. */
async function settle(host: FakeHost): Promise<void> {
  for (let round = 0; round < 3; round++) {
    host.runDeferred();
    while (host.runYielded());
    await Promise.resolve();
  }
}

describe("a call that is answered in the slice in which it was made", () => {
  test("arms no timer, and leaves none behind", async () => {
    const { host, server } = setUp();
    const answer = follow(server.answer());
    await settle(host);
    expect(answer.outcomes).toEqual([{ value: "answer" }]);
    expect(host.timersMade).toBe(0);
  });

  test("costs no look at the clock: those are for the slice, every 32 messages", async () => {
    const { host, server } = setUp();
    host.readings = 0;
    const answers = Array.from({ length: 320 }, () => server.answer());
    await settle(host);
    await Promise.all(answers);
    expect(host.readings).toBeGreaterThan(0);
    expect(host.readings).toBeLessThanOrEqual(320 / 32 + 2);
  });
});

describe("the time limit of a call that is not answered at once", () => {
  test("counts from when it was made, where nothing holds the event loop", async () => {
    const { host, server } = setUp();
    const call = server.never();
    await settle(host);
    host.advance(999);
    expect(await outcome(call)).toBe("pending");
    host.advance(1);
    expect(await outcome(call)).toBe("TROUPE_TIMEOUT");
  });

  test("counts from the end of the slice, where handlers before it take long: it is never early", async () => {
    const { host, server, other } = setUp();
    const slow = other();
    host.runDeferred();
    const [first, second] = [slow.slow(40), server.never()];
    await settle(host);
    expect(await outcome(first)).toBe("resolved");
    host.advance(999);
    expect(await outcome(second)).toBe("pending");
    host.advance(1);
    expect(await outcome(second)).toBe("TROUPE_TIMEOUT");
  });

  test("begins at once, where its receiver is at work and no turn is to come", async () => {
    const { host, server } = setUp();
    const patient = withOptions(server, { timeout: Infinity });
    void patient.never();
    await settle(host);
    const call = server.answer();
    host.advance(1_000);
    expect(await outcome(call)).toBe("TROUPE_TIMEOUT");
  });

  test("begins with the end of its slice, however long actors go on behind it", async () => {
    const { host, server, other } = setUp();
    const slow = other();
    host.runDeferred();
    for (let n = 0; n < 64; n++) void slow.slow(3);
    const call = server.never();
    host.runDeferred();
    expect(host.yields).toBe(1);
    host.advance(1_000);
    expect(await outcome(call)).toBe("TROUPE_TIMEOUT");
  });

  test("begins when actors go on, for a call made while the host had its chance", async () => {
    const { host, server, other } = setUp();
    const slow = other();
    host.runDeferred();
    for (let n = 0; n < 64; n++) void slow.slow(3);
    host.runDeferred();
    expect(host.yields).toBe(1);
    const call = server.never();
    await settle(host);
    host.advance(1_000);
    expect(await outcome(call)).toBe("TROUPE_TIMEOUT");
  });

  test("is not needed by those that leave before: the others keep theirs", async () => {
    const { host, server } = setUp();
    const aborts = Array.from({ length: 3 }, () => new AbortController());
    const calls = [undefined, ...aborts.map(({ signal }) => signal), undefined].map((signal) =>
      follow(signal === undefined ? server.never() : withOptions(server, { signal }).never()),
    );
    // In the middle of those noted, and next to one that has left.
    aborts[1]!.abort("left");
    aborts[0]!.abort("left");
    await settle(host);
    aborts[2]!.abort("left");
    host.advance(1_000);
    await settle(host);
    expect(calls.map(({ outcomes }) => outcomes)).toEqual([
      [{ error: expect.objectContaining({ code: "TROUPE_TIMEOUT" }) }],
      [{ error: "left" }],
      [{ error: "left" }],
      [{ error: "left" }],
      [{ error: expect.objectContaining({ code: "TROUPE_TIMEOUT" }) }],
    ]);
    expect(host.armed).toEqual([]);
  });
});

test("without a limit a call has none, in whatever order it is made", async () => {
  const { host, server } = setUp();
  const [endless, limited] = [
    follow(withOptions(server, { timeout: Infinity }).never()),
    follow(server.never()),
  ];
  await settle(host);
  host.advance(1_000_000);
  await settle(host);
  expect(endless.outcomes).toEqual([]);
  expect(limited.outcomes).toHaveLength(1);
});
