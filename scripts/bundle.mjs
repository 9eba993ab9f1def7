// Puts the modules of dist together for Node, which takes half a millisecond to open each: a file
// for every entry, and what they share, so that a ref is the same class in all of them. Bundlers
// for browsers get the modules (the `default` condition), of which they drop what is not used.
import { build } from "esbuild";

await build({
  entryPoints: {
    index: "dist/index.js",
    fs: "dist/fs/index.js",
    http: "dist/http/index.js",
    "http-fastify": "dist/http/fastify.js",
    "http-hono": "dist/http/hono.js",
    net: "dist/net/index.js",
    pool: "dist/pool/index.js",
    process: "dist/process/index.js",
    sim: "dist/sim/index.js",
    testing: "dist/testing/index.js",
    threads: "dist/threads/index.js",
  },
  outdir: "dist/node",
  chunkNames: "shared-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  // What is a peer of ours is looked for where we are installed.
  packages: "external",
  target: "node20",
  keepNames: false,
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});
