import { describe, expect, test } from "vitest";
import { BadInputError, createSystem } from "troupe";
import { simulate, type SimulateOptions } from "troupe/sim";
import { quiet } from "./once.ts";

const good: SimulateOptions<unknown> = {
  ...quiet,
  seeds: 1,
  boot: () => createSystem(),
  workload: { steps: 1, commands: { none: () => undefined } },
};

async function outcomeOf(options: object): Promise<unknown> {
  return simulate(options as SimulateOptions<unknown>).catch((error: unknown) => error);
}

/** Options that are good but for one, and what is said of it. */
type Wrong = readonly [options: object, message: RegExp];

const wrong: Readonly<Record<string, Wrong>> = {
  "no boot": [{ boot: undefined }, /^simulate: boot is missing/],
  "a boot that is no function": [{ boot: "start" }, /^simulate: boot is "start"; .* a function/],
  "a name that names no file": [{ name: "a/b" }, /^simulate: name is "a\/b"; it names files/],
  "an unknown option": [{ seed: 3 }, /^simulate: seed is not known; there are name, boot, /],
  "no time": [{ virtualTime: 0 }, /^simulate: virtualTime is 0; .* more than 0/],
  "endless time": [{ virtualTime: Infinity }, /virtualTime is Infinity/],
  "time as text": [{ virtualTime: "1s" }, /virtualTime is "1s"/],
  "a workload that is none": [{ workload: 3 }, /^simulate: workload is 3; it must be an object/],
  "no commands": [{ workload: {} }, /^simulate: workload\.commands is missing/],
  "empty commands": [{ workload: { commands: {} } }, /workload\.commands is empty; give the/],
  "a command that is none": [{ workload: { commands: { go: 1 } } }, /workload\.commands\.go is 1/],
  "a weight of nothing": [
    { workload: { commands: { go: { weight: 0, run: () => 1 } } } },
    /workload\.commands\.go\.weight is 0; it must be a whole number from 1/,
  ],
  "a weighty command that does nothing": [
    { workload: { commands: { go: { weight: 1 } } } },
    /workload\.commands\.go\.run is missing/,
  ],
  "half a client": [
    { workload: { clients: 0.5, commands: good.workload!.commands } },
    /workload\.clients is 0\.5/,
  ],
  "no steps": [
    { workload: { steps: 0, commands: good.workload!.commands } },
    /workload\.steps is 0/,
  ],
  "a pause that is no range": [
    { workload: { pauseMs: 5, commands: good.workload!.commands } },
    /workload\.pauseMs is 5; it must be two whole numbers of ms, \[least, most\]/,
  ],
  "a pause the wrong way round": [
    { workload: { pauseMs: [5, 1], commands: good.workload!.commands } },
    /workload\.pauseMs is \[5,1\]/,
  ],
  "a typo in the workload": [
    { workload: { client: 3, commands: good.workload!.commands } },
    /workload\.client is not known; there are clients, /,
  ],
  "a check that is none": [{ always: { fine: true } }, /^simulate: always\.fine is true/],
  "a last check that is none": [{ finally: { fine: 1 } }, /^simulate: finally\.fine is 1/],
  "an eventuality that is none": [
    { eventually: { fine: "yes" } },
    /^simulate: eventually\.fine is "yes"/,
  ],
  "no time to come true": [{ within: -1 }, /^simulate: within is -1/],
};

const wrongFaults: Readonly<Record<string, Wrong>> = {
  "no faults": [{ faults: 0.5 }, /^simulate: faults is 0\.5; it must be an object/],
  "an unknown kind": [{ crsh: 0.1 }, /faults\.crsh is not known; there are crash, kill, /],
  "a crash with more than certainty": [{ crash: 1.1 }, /faults\.crash is 1\.1; .* from 0 to 1/],
  "a crash of no probability": [{ crash: {} }, /faults\.crash\.chance is missing/],
  "a crash of nobody": [{ crash: { chance: 1, who: 3 } }, /faults\.crash\.who names nobody/],
  "a kill of an empty list": [{ kill: { chance: 1, who: [] } }, /faults\.kill\.who names nobody/],
  "a kill that is no number": [{ kill: Number.NaN }, /faults\.kill is NaN/],
  "slowness without a time": [{ slow: { chance: 1 } }, /faults\.slow\.ms is missing/],
  "slowness of less than no time": [
    { slow: { chance: 1, ms: [-1, 1] } },
    /faults\.slow\.ms is \[-1,1\]; .*from 0/,
  ],
  "a stall of one number": [{ stall: { chance: 1, ms: 5 } }, /faults\.stall\.ms is 5/],
  "a clock that does not jump": [{ clock: { chance: 1 } }, /faults\.clock\.jumpMs is missing/],
  "a clock that jumps in fractions": [
    { clock: { chance: 1, jumpMs: [0.5, 1] } },
    /faults\.clock\.jumpMs is \[0\.5,1\]/,
  ],
  "loss of more than all": [{ messages: { loss: 2 } }, /faults\.messages\.loss is 2/],
  "a delay without a time": [
    { messages: [{ to: "a" }, { delay: { chance: 1 } }] },
    /faults\.messages\[1\]\.delay\.ms is missing/,
  ],
  "a reordering without a probability": [
    { messages: { reorder: { ms: [1, 2] } } },
    /faults\.messages\.reorder\.chance is missing/,
  ],
  "a typo in a rule": [{ messages: { lost: 1 } }, /faults\.messages\.lost is not known/],
  "a process that crashes more than surely": [
    { process: { crash: 0.6, powerCut: 0.6 } },
    /faults\.process: crash and powerCut are 1\.2 together/,
  ],
  "a typo in the process": [{ process: { crashes: 1 } }, /faults\.process\.crashes is not known/],
  "buggify without how often": [{ buggify: { sites: 0.5 } }, /faults\.buggify\.fires is missing/],
  "a disk that fails in unknown ways": [
    { disk: { lost: 1 } },
    /faults\.disk: there is no fault "lost"/,
  ],
};

describe("a scenario that makes no sense is refused, and told what is wrong", () => {
  test.each(Object.entries(wrong))("%s", async (_what, [options, message]) => {
    const outcome = await outcomeOf({ ...good, ...options });
    expect(outcome).toBeInstanceOf(BadInputError);
    expect((outcome as Error).message).toMatch(message);
  });
});

describe("so are faults that make no sense", () => {
  test.each(Object.entries(wrongFaults))("%s", async (_what, [faults, message]) => {
    const given = "faults" in faults ? faults : { faults };
    const outcome = await outcomeOf({ ...good, ...given });
    expect(outcome).toBeInstanceOf(BadInputError);
    expect((outcome as Error).message).toMatch(/^simulate: /);
    expect((outcome as Error).message).toMatch(message);
  });
});

test("a scenario that makes sense is not refused, with all that there is", async () => {
  const outcome = await outcomeOf({
    ...good,
    name: "all.of_it-1",
    workload: { clients: 2, steps: 1, pauseMs: [0, 0], commands: good.workload!.commands },
    virtualTime: 0.5,
    explore: "walk",
    always: { fine: () => true },
    eventually: { fine: () => undefined },
    within: 5,
    finally: { fine: () => true },
    disk: { latency: {} },
    faults: {
      crash: { chance: 0, who: (label: string) => label === "c" },
      kill: 0,
      slow: { chance: 0, ms: [0, 0] },
      stall: { chance: 0, ms: [1, 2] },
      clock: { chance: 0, jumpMs: [-5, 5] },
      messages: [{ from: "clients", loss: 0, duplicate: 0 }],
      process: { crash: 0.5, powerCut: 0.5, downMs: [0, 1] },
      disk: {},
      buggify: { sites: 0, fires: 1 },
    },
  });
  expect(outcome).toMatchObject({ seeds: 1 });
});
