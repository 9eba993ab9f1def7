import { buildSync } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = (path: string): string =>
  fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** Makes a program of a module, and the library with it, that Node can run as it is. */
export function bundled(entry: URL): string {
  const folder = mkdtempSync(join(tmpdir(), "troupe-process-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "main.mjs");
  buildSync({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    alias: { "troupe/process": source("process/index.ts"), troupe: source("index.ts") },
  });
  return outfile;
}
