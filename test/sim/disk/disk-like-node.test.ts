import fc from "fast-check";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SimDisk } from "../../../src/sim/disk/sim-disk.ts";
import type { DiskHost } from "../../../src/sim/disk/disk-types.ts";
import { play, script } from "./disk-script.ts";

/** Time does not matter here: everything comes at once. */
const host: DiskHost = { after: (_ms, fn) => queueMicrotask(fn), decide: () => undefined };

let temporary = "";
beforeAll(() => {
  temporary = fs.mkdtempSync(join(tmpdir(), "sim-disk-"));
});
afterAll(() => fs.rmSync(temporary, { recursive: true, force: true }));

// Other systems have other errors for some of it.
test.runIf(process.platform === "linux")(
  "does what node:fs does, with the same results and the same errors",
  async () => {
    const root = join(temporary, "root");
    await fc.assert(
      fc.asyncProperty(script, async (steps) => {
        fs.rmSync(root, { recursive: true, force: true });
        fs.mkdirSync(root);
        const expected = await play(fs, root, steps);
        const disk = new SimDisk(host, { directories: [root] });
        expect(await play(disk, root, steps)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  },
  // It syncs for real.
  60_000,
);
