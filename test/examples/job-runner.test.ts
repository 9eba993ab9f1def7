import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { bar, Screen } from "../../examples/job-runner/screen.ts";

const MAIN = fileURLToPath(new URL("../../.build/examples/job-runner/main.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "job-runner-test-"));
afterAll(() => rmSync(dir, { recursive: true }));

function run(...args: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) => {
      if (error !== null || stderr !== "") reject(error ?? new Error(stderr));
      else resolve(stdout.trimEnd().split("\n"));
    });
  });
}

test("a directory that is given is gone through, and the numbers are right", async () => {
  for (let n = 0; n < 20; n++) writeFileSync(join(dir, `${n}.txt`), "one two  three\n".repeat(n));
  const lines = await run(dir, "1");
  expect(lines.slice(0, -1)).toEqual([
    "5 of 20 files",
    "10 of 20 files",
    "15 of 20 files",
    "20 of 20 files",
    "2,850 bytes, 570 words",
    "20 done, 0 failed, 0 discarded; 0 tried again",
  ]);
});

test("a file that stays locked fails when it has been tried often enough", async () => {
  writeFileSync(join(dir, "1.txt.lock"), "");
  const lines = await run(dir, "2");
  expect(lines).toContainEqual(expect.stringMatching(/^failed: 1\.txt: 1\.txt is locked$/));
  expect(lines).toContain("19 done, 1 failed, 0 discarded; 3 tried again");
});

test("a terminal sees one line that is drawn over, and a file sees four", () => {
  for (const [isTTY, lines] of [
    [true, 2],
    [false, 5],
  ] as const) {
    let text = "";
    const screen = new Screen({ isTTY, write: (more) => (text += more) }, 10);
    for (let n = 0; n < 10; n++) screen.step();
    screen.end();
    expect(text.split("\n")).toHaveLength(lines);
    expect(text.trimEnd()).toMatch(/10 of 10 files$/);
  }
  expect(bar(0.5)).toBe(`[${"=".repeat(15)}${" ".repeat(15)}]`);
});
