import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory to try it with: two files are the same, one is locked for a while, one is not there. */
export interface Demo {
  readonly dir: string;
  /** The file that is locked, until somebody calls `unlock`. */
  readonly locked: string;
  unlock(): void;
  remove(): void;
}

export function makeDemo(): Demo {
  const dir = mkdtempSync(join(tmpdir(), "job-runner-"));
  mkdirSync(join(dir, "letters"));
  for (let n = 1; n <= 10; n++) {
    writeFileSync(join(dir, "letters", `${n}.txt`), `Dear reader ${n},\n`.repeat(20_000 * n));
  }
  writeFileSync(join(dir, "copy-of-7.txt"), "Dear reader 7,\n".repeat(140_000));
  symlinkSync(join(dir, "gone.txt"), join(dir, "link-to-nothing.txt"));
  const locked = join(dir, "letters", "3.txt");
  writeFileSync(`${locked}.lock`, "");
  return {
    dir,
    locked,
    unlock: () => rmSync(`${locked}.lock`, { force: true }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
