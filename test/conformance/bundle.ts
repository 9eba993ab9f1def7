import { buildSync } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/*
 * The actors of this suite, made into one file of JavaScript that threads can load: what a test
 * runner does to TypeScript, it does for the thread that the tests run in.
 */
const path = (of: string): string => fileURLToPath(new URL(of, import.meta.url));

function bundle(entry: string): URL {
  const folder = mkdtempSync(join(tmpdir(), "troupe-conformance-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "actors.mjs");
  buildSync({
    entryPoints: [path(entry)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Classes keep the names by which errors are shown.
    keepNames: true,
    alias: {
      "troupe/threads": path("../../src/threads/index.ts"),
      troupe: path("../../src/index.ts"),
    },
  });
  return pathToFileURL(outfile);
}

export const module = bundle("./actors.ts");
