const COMPILED = "/.build/bench/";

/** The root of the project, from a source as from what it was compiled to. */
export const ROOT = new URL(import.meta.url.includes(COMPILED) ? "../../" : "../", import.meta.url);

/** The private package with the libraries that we are compared with. */
export const PEERS = new URL("bench/peers/", ROOT);

/** What a thread loads: threads run what was compiled, also where a test runs the sources. */
export function threadFile(name: string): URL {
  return new URL(`.build/bench/threads/${name}.js`, ROOT);
}
