import { createServer } from "node:http";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HTML = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>`;
const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };

/** A browser shares memory between threads only in pages that let nobody else in. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Bundles modules of this folder for pages, as a user's bundler would: what they share is a file, too. */
async function bundle(...entries: readonly string[]): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => `test/elsewhere/${entry}`),
    absWorkingDir: ROOT,
    tsconfig: "tsconfig.test.json",
    outdir: "site",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  return new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
}

/** A web site on loopback, with the checks in its one page. */
export class Site implements AsyncDisposable {
  readonly #server;

  private constructor(files: ReadonlyMap<string, string>, isolated: boolean) {
    this.#server = createServer((request, response) => {
      const name = basename(request.url ?? "") || "index.html";
      const text = files.get(name);
      response.writeHead(text === undefined ? 404 : 200, {
        "Content-Type": TYPES[extname(name)] ?? "text/plain",
        ...(isolated ? ISOLATED : {}),
      });
      response.end(text);
    });
  }

  static async open(options: { isolated: boolean }): Promise<Site> {
    const files = await bundle("page.ts", "actors.ts");
    const site = new Site(files.set("index.html", HTML), options.isolated);
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
