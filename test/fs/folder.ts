import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is gone when the test is done. */
export function folder(): { readonly path: string; at(name: string): string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "troupe-fs-"));
  return {
    path,
    at: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Resolves when `holds` does; what it waits for comes from the host, and cannot be advanced to. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 2));
}
