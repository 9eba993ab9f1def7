import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PEERS } from "./paths.ts";

const read = (url: URL): Readonly<Record<string, unknown>> =>
  // npm wrote it, or we did.
  JSON.parse(readFileSync(url, "utf8")) as Readonly<Record<string, unknown>>;

/** Installs the libraries that we are compared with, unless they are there in the right versions. */
export function installPeers(): void {
  const wanted = wantedVersions();
  const there = installedVersions();
  if (Object.keys(wanted).every((name) => wanted[name] === there[name])) return;
  const names = Object.entries(wanted).map(([name, version]) => `${name} ${version}`);
  console.log(`Installing ${names.join(", ")} into bench/peers …`);
  // Comedy has a dependency whose install script begs for donations.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  try {
    execFileSync("npm", args, {
      cwd: fileURLToPath(PEERS),
      stdio: ["ignore", "ignore", "inherit"],
    });
  } catch {
    throw new Error(
      "the peers could not be installed: run `npm ci --ignore-scripts` in bench/peers to see why, or do without --peers",
    );
  }
}

/** As bench/peers/package.json asks for them. */
function wantedVersions(): Readonly<Record<string, string>> {
  return read(new URL("package.json", PEERS))["dependencies"] as Readonly<Record<string, string>>;
}

export function installedVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of Object.keys(wantedVersions())) {
    const file = new URL(`node_modules/${name}/package.json`, PEERS);
    if (existsSync(file)) versions[name] = String(read(file)["version"]);
  }
  return versions;
}
