// Rewrites `./x.ts` specifiers to `./x.js` in dist/**/*.d.ts: tsc does it for JavaScript only.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SPECIFIER = /((?:from|import)\s*\(?\s*["']\.{1,2}\/[^"'\n]*)\.ts(["'])/g;

for (const name of readdirSync("dist", { recursive: true })) {
  if (!name.endsWith(".d.ts")) continue;
  const path = join("dist", name);
  const before = readFileSync(path, "utf8");
  const after = before.replace(SPECIFIER, "$1.js$2");
  if (after !== before) writeFileSync(path, after);
}
