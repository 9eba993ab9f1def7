import { expect, test } from "vitest";
import { cpuShares } from "../../../bench/kv/cpu-shares.ts";

const file = (path: string): string => `file:///troupe/${path}`;

/** A node for each function, below the one that is named first. */
function profileOf(
  functions: readonly (readonly [caller: number, name: string, url: string])[],
  samples: readonly number[],
) {
  const nodes = functions.map(([, functionName, url], id) => ({
    id,
    callFrame: { functionName, url },
    children: functions.flatMap(([caller], child) => (caller === id ? [child] : [])),
  }));
  return { nodes, samples, timeDeltas: samples.map(() => 1_000) };
}

const FUNCTIONS = [
  [-1, "(root)", ""],
  [0, "(idle)", ""],
  [0, "(garbage collector)", ""],
  [0, "onStreamRead", "node:internal/stream_base_commons"],
  [0, "drain", file("dist/node/shared-AB12.js")],
  [4, "answer", file(".build/examples/kv/client-actor.js")],
  [5, "feed", file(".build/examples/kv/request-decoder.js")],
  [6, "latin1Slice", ""],
  [4, "flush", file("dist/node/net.js")],
  [8, "writeLatin1String", ""],
  [0, "processImmediate", "node:internal/timers"],
] as const;

test("what is nobody's own works for whoever called it", () => {
  const { kernel, sockets, coding, commands } = cpuShares(
    profileOf(FUNCTIONS, [3, 4, 5, 6, 7, 7, 8, 9, 9, 9]),
    0,
  );
  expect({ kernel, sockets, coding, commands }).toEqual({
    kernel: 0.1,
    sockets: 0.5,
    coding: 0.3,
    commands: 0.1,
  });
});

test("shares are of the time in which the process was busy", () => {
  const shares = cpuShares(profileOf(FUNCTIONS, [1, 1, 1, 2, 10]), 0);
  expect(shares).toMatchObject({ gc: 0.5, "event loop": 0.5, kernel: 0 });
});

test("what came before the measurement is left out", () => {
  const shares = cpuShares(profileOf(FUNCTIONS, [4, 4, 4, 5]), 3.5);
  expect(shares).toMatchObject({ kernel: 0, commands: 1 });
});
