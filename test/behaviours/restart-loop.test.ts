import { describe, expect, test } from "vitest";
import { exited, started, status, stop, supervisor } from "troupe";
import { createTestSystem } from "troupe/testing";
import { entry } from "../support/entry.ts";

const hopeless = {
  onInit: (run: number) => {
    if (run > 1) throw new Error("no luck");
  },
};

describe("while a child is in a restart loop", () => {
  const lenient = { intensity: { max: 1_000, within: 1 } };
  /** Its replacement never starts: it waits 100 ms, tries, fails, waits … */
  const backoff = { kind: "fixed", delay: 100 } as const;

  async function looping() {
    const kit = createTestSystem();
    const App = supervisor({
      ...lenient,
      children: { bad: { ...entry("bad", [], hopeless), backoff }, good: entry("good", []) },
    });
    const app = kit.system.spawn(App);
    await started(app);
    app.child("bad").fail("broken");
    await kit.advance(250);
    expect(status(app.child("bad"))).toBe("restarting");
    return { kit, app };
  }

  test("which and count answer", async () => {
    const { kit, app } = await looping();
    expect(await app.which()).toMatchObject([
      { id: "bad", status: "restarting", restarts: 3 },
      { id: "good", status: "running" },
    ]);
    expect(await app.count()).toEqual({ specs: 2, active: 2 });
    await kit.stop();
  });

  test("start adds a child, whose messages are handled", async () => {
    const { kit, app } = await looping();
    const more = await app.start("more", entry("more", []));
    more.add(1);
    expect(await more.value()).toBe(1);
    await kit.stop();
  });

  test("terminate ends the loop at once, delete forgets it", async () => {
    const { kit, app } = await looping();
    await app.terminate("bad");
    expect(status(app.child("bad"))).toBe("stopped");
    await app.delete("bad");
    await kit.advance(1_000);
    expect(await app.count()).toEqual({ specs: 1, active: 1 });
    await kit.stop();
  });

  test("delete refuses it", async () => {
    const { kit, app } = await looping();
    await expect(app.delete("bad")).rejects.toThrow(/is restarting; terminate it/);
    await kit.stop();
  });

  test("restart tries at once; it rejects when the child ends, not while it is tried again", async () => {
    const { kit, app } = await looping();
    const again = app.restart("bad");
    again.catch(() => {});
    await kit.advance(1_000);
    await app.terminate("bad");
    await expect(again).rejects.toBeDefined();
    await kit.stop();
  });

  test("also in a loop without back-off, whose end is that the budget is spent", async () => {
    await using kit = createTestSystem();
    const App = supervisor({ children: { bad: entry("bad", [], hopeless) } });
    const app = kit.system.spawn(App);
    await started(app);
    app.child("bad").fail("broken");
    await kit.run();
    expect(status(app)).toBe("stopped");
    expect(await exited(app)).toMatchObject({ kind: "shutdown" });
  });

  test("the supervisor stops without waiting for it", async () => {
    const { kit, app } = await looping();
    void stop(app);
    await kit.run();
    expect(status(app)).toBe("stopped");
    await kit.stop();
  });
});
