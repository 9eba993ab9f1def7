import { expect, test } from "vitest";
import { actor, createSystem, kill, restart, started, stop, supervisor } from "troupe";
import { serviceManager, type NotifyTransport, type ServiceManagerSpec } from "troupe/process";
import { createTestSystem } from "troupe/testing";

/** A transport that keeps what it is given. */
class Recorder implements NotifyTransport {
  readonly name = "recorder";
  readonly messages: string[] = [];
  failure: Error | undefined;
  hold: Promise<void> | undefined;

  async send(message: string, socket: string): Promise<void> {
    await this.hold;
    if (this.failure !== undefined) throw this.failure;
    if (socket !== "/run/notify") throw new Error(`sent to ${socket}`);
    this.messages.push(message);
  }
}

function managed(spec: ServiceManagerSpec = {}, watchdogMs?: number) {
  const transport = new Recorder();
  const environment = {
    NOTIFY_SOCKET: "/run/notify",
    ...(watchdogMs !== undefined && {
      WATCHDOG_USEC: String(watchdogMs * 1_000),
      WATCHDOG_PID: String(process.pid),
    }),
  };
  return { transport, Manager: serviceManager({ transport, environment, ...spec }) };
}

test("it tells READY when all before it have started, and STOPPING before they are stopped", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed();
  const { messages } = transport;
  const Slow = actor({
    init: async (ctx) => {
      await ctx.sleep(100);
      messages.push("db is there");
    },
    exit: () => void messages.push("db ends"),
  });
  const App = supervisor({ children: { db: { actor: Slow }, manager: { actor: Manager } } });
  const app = kit.system.spawn(App);
  await kit.advance(100);
  await started(app);
  await kit.run();
  await kit.stop();
  expect(messages).toEqual(["db is there", "READY=1", "STOPPING=1", "db ends"]);
});

test("a restart among its siblings is not the service's end", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed();
  const Db = actor({ cast: { fail: () => Promise.reject(new Error("broken")) } });
  const App = supervisor({
    strategy: "restForOne",
    children: { db: { actor: Db }, manager: { actor: Manager } },
  });
  const app = kit.system.spawn(App);
  await started(app);
  app.child("db").fail();
  await kit.run();
  await stop(app);
  expect(transport.messages).toEqual(["READY=1", "READY=1"]);
});

test("a phase of a shutdown may tell the end before, and it is told once", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed();
  const manager = kit.system.spawn(Manager);
  kit.system.phase("tell", () => manager.stopping());
  await started(manager);
  await kit.system.shutdown();
  expect(transport.messages).toEqual(["READY=1", "STOPPING=1"]);
});

test("while the service is well the watchdog hears it twice in its time", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed({}, 30_000);
  const manager = kit.system.spawn(Manager);
  await kit.run();
  expect(transport.messages).toEqual(["READY=1", "WATCHDOG=1"]);
  for (let i = 2; i <= 5; i++) {
    await kit.advance(15_000);
    expect(transport.messages.filter((message) => message === "WATCHDOG=1")).toHaveLength(i);
  }
  expect(await manager.report()).toMatchObject({
    state: "ready",
    watchdogMs: 30_000,
    sent: 6,
    failed: 0,
    pings: 5,
    misses: 0,
    health: { ok: true },
  });
});

test("while a word to the watchdog hangs one more waits, and none counts before it was sent", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed({}, 30_000);
  const manager = kit.system.spawn(Manager);
  await kit.run();
  let goOn: (() => void) | undefined;
  transport.hold = new Promise((resolve) => (goOn = resolve));
  for (let i = 0; i < 20; i++) await kit.advance(15_000);
  expect(await manager.report()).toMatchObject({ sent: 2, pings: 1, misses: 0 });
  transport.hold = undefined;
  goOn!();
  await kit.run();
  expect(await manager.report()).toMatchObject({ sent: 4, pings: 3 });
  await kit.advance(15_000);
  expect(await manager.report()).toMatchObject({ sent: 5, pings: 4 });
});

test("while it is not well there is no word, but a status that says why, and it is asked sooner", async () => {
  await using kit = createTestSystem();
  let disk: boolean | Error = true;
  const checks = {
    disk: () => {
      if (disk instanceof Error) throw disk;
      return disk;
    },
  };
  const { transport, Manager } = managed({ health: { checks } }, 30_000);
  const { messages } = transport;
  const manager = kit.system.spawn(Manager);
  manager.status("serving");
  await kit.run();
  expect(messages.splice(0)).toEqual(["READY=1", "STATUS=serving", "WATCHDOG=1"]);
  disk = new Error("full\nREADY=1");
  await kit.advance(15_000);
  expect(messages.splice(0)).toEqual(["STATUS=not well: disk: full READY=1"]);
  await kit.advance(6_000);
  expect(messages.splice(0)).toEqual([]);
  expect(await manager.report()).toMatchObject({ misses: 3, health: { ok: false } });
  disk = true;
  await kit.advance(3_000);
  expect(messages).toEqual(["STATUS=serving", "WATCHDOG=1"]);
  expect(kit.log.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    "warn: the service is not well",
    "info: the service is well again",
  ]);
});

test("an actor that hangs keeps the watchdog waiting, by its name", async () => {
  await using kit = createTestSystem();
  const Db = actor({ cast: { hang: () => new Promise<void>(() => {}) } });
  const db = kit.system.spawn(Db, undefined, { name: "db", shutdown: "kill" });
  const { transport, Manager } = managed({ health: { actors: ["db"] } }, 4_000);
  kit.system.spawn(Manager);
  await kit.run();
  db.hang();
  await kit.advance(4_000);
  expect(transport.messages).toEqual([
    "READY=1",
    "WATCHDOG=1",
    "STATUS=not well: db: no answer within 1000 ms",
  ]);
});

test("without a service manager it does nothing, and says so", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed({ environment: { WATCHDOG_USEC: "1000000" } });
  const manager = kit.system.spawn(Manager);
  manager.status("nobody reads this");
  await manager.ready();
  await kit.advance(10_000);
  expect(await manager.report()).toEqual({
    state: "ready",
    socket: undefined,
    watchdogMs: undefined,
    sent: 0,
    failed: 0,
    lastError: undefined,
    pings: 0,
    misses: 0,
    health: undefined,
  });
  await stop(manager);
  await manager.stopping().catch(() => {});
  expect(transport.messages).toEqual([]);
  const empty = kit.system.spawn(serviceManager({ environment: { NOTIFY_SOCKET: "" } }));
  expect(await empty.report()).toMatchObject({ socket: undefined });
});

test("a watchdog that is another process's is not spoken to", async () => {
  await using kit = createTestSystem();
  for (const environment of [
    { NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "1000", WATCHDOG_PID: "1" },
    { NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "soon" },
    { NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "0" },
  ]) {
    const { transport, Manager } = managed({ environment });
    const manager = kit.system.spawn(Manager);
    await kit.advance(10_000);
    expect(transport.messages).toEqual(["READY=1"]);
    expect((await manager.report()).watchdogMs).toBe(undefined);
  }
});

test("a reload is told with the time of the host's clock, and ended by ready", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed({ mainPid: true });
  const manager = kit.system.spawn(Manager);
  const before = process.hrtime.bigint() / 1_000n;
  await manager.reloading();
  expect((await manager.report()).state).toBe("reloading");
  await manager.ready();
  manager.extend(1_500);
  await kit.run();
  const [ready, reloading, again, extend] = transport.messages;
  expect(ready).toBe(`READY=1\nMAINPID=${process.pid}`);
  const [, usec = ""] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading ?? "") ?? [];
  expect(BigInt(usec)).toBeGreaterThanOrEqual(before);
  expect(again).toBe("READY=1");
  expect(extend).toBe("EXTEND_TIMEOUT_USEC=1500000");
});

test("messages go out one after the other, in order", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed();
  let goOn: (() => void) | undefined;
  const manager = kit.system.spawn(Manager);
  await started(manager);
  transport.hold = new Promise((resolve) => (goOn = resolve));
  for (const text of ["one", "two", "three"]) manager.status(text);
  await kit.run();
  const stopped = kit.stop();
  transport.hold = undefined;
  goOn?.();
  await stopped;
  expect(transport.messages).toEqual([
    "READY=1",
    "STATUS=one",
    "STATUS=two",
    "STATUS=three",
    "STOPPING=1",
  ]);
});

test("a message that cannot be sent is logged and counted, and fails nobody", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed({}, 1_000);
  transport.failure = new Error("connection refused");
  const manager = kit.system.spawn(Manager);
  await started(manager);
  await kit.run();
  expect(await manager.report()).toMatchObject({
    sent: 0,
    failed: 2,
    lastError: "connection refused",
  });
  expect(kit.log[0]).toMatchObject({
    level: "error",
    message: "the service manager was not told",
    fields: { message: "READY=1", by: "recorder", error: "connection refused" },
  });
  transport.failure = undefined;
  await kit.advance(500);
  expect(transport.messages).toEqual(["WATCHDOG=1"]);
});

test("one that is restarted is ready again, and does not say that it stops", async () => {
  await using kit = createTestSystem();
  const { transport, Manager } = managed({}, 10_000);
  const manager = kit.system.spawn(Manager, undefined, { restart: "permanent" });
  await started(manager);
  manager.extend(-1);
  manager.extend(NaN);
  await kit.run();
  expect(transport.messages.splice(0)).toEqual(["READY=1", "WATCHDOG=1"]);
  expect(kit.log).toHaveLength(2);
  await kill(manager);
  await kit.run();
  await restart(manager);
  await kit.advance(5_000);
  expect(transport.messages).toEqual([
    "READY=1",
    "WATCHDOG=1",
    "READY=1",
    "WATCHDOG=1",
    "WATCHDOG=1",
  ]);
});

test("an event loop that does not turn tells the watchdog nothing", async () => {
  const transport = new Recorder();
  await using system = createSystem({ logger: false });
  const environment = { NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "20000" };
  const manager = system.spawn(serviceManager({ transport, environment }));
  await started(manager);
  await manager.report();
  const before = transport.messages.length;
  const end = performance.now() + 60;
  while (performance.now() < end);
  expect(transport.messages).toHaveLength(before);
});
