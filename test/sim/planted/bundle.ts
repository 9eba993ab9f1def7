import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { plant, type Mistake } from "./mistake.ts";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const source = (entry: string): string => join(ROOT, "src", entry);

/** Our entries as the models name them, from the sources and not from `dist`. */
const ALIAS = {
  troupe: source("index.ts"),
  "troupe/sim": source("sim/index.ts"),
  "troupe/testing": source("testing/index.ts"),
  "troupe/net": source("net/index.ts"),
  "troupe/pool": source("pool/index.ts"),
  "troupe/threads": source("threads/index.ts"),
};

/** Bundles everything that a hunt needs into `outfile`, with a mistake in the copy, or without. */
export async function bundle(outfile: string, mistake: Mistake | undefined): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL("main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // Frames of a stack are of use only with the names that they have in the sources.
    keepNames: false,
    logLevel: "error",
    plugins: [entries, ...(mistake === undefined ? [] : [withMistake(mistake)])],
  });
}

/** Exactly these: esbuild's own alias would take `troupe/sim` for a file below `troupe`. */
const entries: Plugin = {
  name: "entries",
  setup(bundling) {
    bundling.onResolve({ filter: /^troupe(?:\/\w+)?$/ }, ({ path }) => {
      const file = ALIAS[path as keyof typeof ALIAS];
      return file === undefined ? undefined : { path: file };
    });
  },
};

/** The sources stay as they are: what is changed is the text that the bundler is given. */
function withMistake(mistake: Mistake): Plugin {
  const target = join(ROOT, mistake.file);
  return {
    name: "mistake",
    setup(bundling) {
      bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== target) return undefined;
        return { contents: plant(mistake, await readFile(path, "utf8")), loader: "ts" };
      });
    },
  };
}
