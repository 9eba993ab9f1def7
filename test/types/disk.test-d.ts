import * as fs from "node:fs";
import { expectTypeOf, test } from "vitest";
import type { Disk, DiskHandle } from "../../src/sim/disk/disk-types.ts";

test("node:fs is a Disk as it is, and a FileHandle a DiskHandle", () => {
  expectTypeOf<typeof fs>().toExtend<Disk>();
  const disk: Disk = fs;
  expectTypeOf(
    disk.promises.open("/log", fs.constants.O_RDWR),
  ).resolves.toEqualTypeOf<DiskHandle>();
});

test("a Disk answers with text where an encoding is given, and else with bytes", () => {
  const disk: Disk = fs;
  expectTypeOf(disk.readFileSync("/a")).toEqualTypeOf<Buffer>();
  expectTypeOf(disk.readFileSync("/a", "utf8")).toEqualTypeOf<string>();
  expectTypeOf(disk.promises.readFile("/a")).resolves.toEqualTypeOf<Buffer>();
  expectTypeOf(disk.promises.readFile("/a", "latin1")).resolves.toEqualTypeOf<string>();
});

test("a Disk refuses what the simulated one could not do", () => {
  const disk: Disk = fs;
  // @ts-expect-error -- entries are names only
  disk.readdirSync("/a", { withFileTypes: true });
  // @ts-expect-error -- a path is text
  disk.existsSync(new URL("file:///a"));
});
