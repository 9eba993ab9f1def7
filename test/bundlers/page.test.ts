import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build, createServer, preview } from "vite";
import { chromiumPath, launchChromium } from "../elsewhere/chromium.ts";
import { expected } from "./expected.ts";
import { Project } from "./project.ts";

/** Long enough for a browser to start while the machine has much else to do. */
const PATIENCE_MS = 60_000;
const why = chromiumPath === undefined ? " (skipped: no Chromium here, nor in $CHROMIUM)" : "";
const HTML = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/src/page.js"></script>`;

/** What every build and server of vite is given; nothing of it is about threads. */
function settings(project: Project) {
  return {
    root: project.folder,
    configFile: false,
    logLevel: "error",
    // Here `troupe` is a link to a folder outside of the project.
    server: { port: 0, host: "127.0.0.1", fs: { strict: false } },
    preview: { port: 0, host: "127.0.0.1" },
  } as const;
}

describe.skipIf(chromiumPath === undefined)(`in Chromium${why}`, { timeout: PATIENCE_MS }, () => {
  let browser: Browser;
  let project: Project;

  beforeAll(async () => {
    browser = await launchChromium();
    project = await Project.make("page");
    project.write("index.html", HTML);
  }, PATIENCE_MS);
  afterAll(() => browser.close(), PATIENCE_MS);

  async function findingsAt(url: string | undefined): Promise<unknown> {
    const page = await browser.newPage();
    await page.goto(url ?? "");
    await page.waitForFunction("'findings' in globalThis", null, { timeout: PATIENCE_MS });
    const findings = await page.evaluate("globalThis.findings");
    await page.close();
    return findings;
  }

  test("a page that vite has built has its threads", async () => {
    await build(settings(project));
    const server = await preview(settings(project));
    expect(await findingsAt(server.resolvedUrls?.local[0])).toEqual(expected);
    await server.close();
  });

  test("a page that vite is serving to its developers has its threads", async () => {
    const server = await createServer(settings(project));
    await server.listen();
    expect(await findingsAt(server.resolvedUrls?.local[0])).toEqual(expected);
    await server.close();
  });
});
