import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^troupe$/, replacement: source("index.ts") },
      { find: /^troupe\/testing$/, replacement: source("testing/index.ts") },
      { find: /^troupe\/sim$/, replacement: source("sim/index.ts") },
      { find: /^troupe\/threads$/, replacement: source("threads/index.ts") },
      { find: /^troupe\/pool$/, replacement: source("pool/index.ts") },
      { find: /^troupe\/http$/, replacement: source("http/index.ts") },
      { find: /^troupe\/http\/hono$/, replacement: source("http/hono.ts") },
      { find: /^troupe\/http\/fastify$/, replacement: source("http/fastify.ts") },
      { find: /^troupe\/fs$/, replacement: source("fs/index.ts") },
      { find: /^troupe\/process$/, replacement: source("process/index.ts") },
      { find: /^troupe\/net$/, replacement: source("net/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // Heap-leak tests call globalThis.gc().
    execArgv: ["--expose-gc"],
    testTimeout: 10_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
    typecheck: {
      enabled: true,
      checker: "tsc",
      include: ["test/types/**/*.test-d.ts"],
      tsconfig: "tsconfig.test.json",
    },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.d.ts"],
      reporter: ["text-summary", "html"],
    },
  },
});
