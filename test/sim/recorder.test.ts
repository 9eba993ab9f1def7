import { actor, createSystem } from "troupe";
import { register, simulate, SimulationError } from "troupe/sim";
import { expect, test } from "vitest";

const Account = actor({ name: "account", call: { pay: () => undefined } });
const till = register(0);

test("what was answered before the process crashed is on record before the crash", async () => {
  const failing = simulate({
    seeds: 50,
    boot: () => createSystem().spawn(Account, undefined, { name: "alice" }),
    workload: {
      steps: 1,
      commands: { pay: ({ app, history }) => history.record(till.write(1), () => app.pay()) },
    },
    faults: { process: { crash: 0.2 } },
    always: {
      "it never crashes once it has answered": ({ sim, history }) =>
        sim.life === 1 || history.operations.every(({ outcome }) => outcome !== "returned"),
    },
    print: false,
    directory: false,
  });
  const error = await failing.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SimulationError);
  const { diagram } = error as SimulationError;
  expect(diagram).toContain("reply to pay");
  expect(diagram.indexOf("reply to pay")).toBeLessThan(
    diagram.indexOf("fault: the process crashes"),
  );
});
