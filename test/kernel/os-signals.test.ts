import { expect, test } from "vitest";
import { actor, osSignals, stop } from "troupe";
import { createTestSystem } from "troupe/testing";

test("come to the actor by name, as long as it lives", async () => {
  const log: string[] = [];
  const Listener = actor({
    init(ctx) {
      ctx.source(osSignals("SIGHUP", "SIGUSR2"), (signal) => log.push(signal));
    },
  });
  const kit = createTestSystem();
  const listener = kit.system.spawn(Listener);
  await kit.run();
  expect(process.listenerCount("SIGHUP")).toBe(1);
  process.emit("SIGHUP");
  process.emit("SIGUSR2");
  await kit.run();
  expect(log).toEqual(["SIGHUP", "SIGUSR2"]);
  await stop(listener);
  expect(process.listenerCount("SIGHUP") + process.listenerCount("SIGUSR2")).toBe(0);
});
