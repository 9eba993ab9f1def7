import { expect, test } from "vitest";
import { Notifier } from "../../src/process/notifier.ts";

test("a transport that never answers costs each message its time, and the next is sent", async () => {
  const sent: string[] = [];
  const logged: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (line: string) => void logged.push(line) };
  const transport = {
    name: "stuck",
    send: async (message: string) => {
      if (message === "STATUS=one") await new Promise<void>(() => {});
      sent.push(message);
    },
  };
  const notifier = new Notifier("/run/notify", transport, log, 20);
  const first = notifier.tell({ STATUS: "one" });
  const second = notifier.tell({ STATUS: "two" });
  expect(await Promise.all([first, second])).toEqual([false, true]);
  expect(notifier).toMatchObject({ sent: 1, failed: 1, lastError: "not sent within 20 ms" });
  expect(sent).toEqual(["STATUS=two"]);
  expect(logged).toEqual(["the service manager was not told"]);
});
