import { buildSync } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const source = (path: string): string =>
  fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/**
 * Makes a module of TypeScript, and the library with it, into one file of JavaScript that threads
 * can load: what a test runner does to TypeScript, it does for the thread alone that it runs in.
 */
export function bundleForThreads(entry: URL): URL {
  const folder = mkdtempSync(join(tmpdir(), "troupe-threads-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "actors.mjs");
  buildSync({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Classes keep the names by which errors are shown.
    keepNames: true,
    alias: { "troupe/threads": source("threads/index.ts"), troupe: source("index.ts") },
  });
  return pathToFileURL(outfile);
}
