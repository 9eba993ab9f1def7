import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checksWith } from "./all.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";
import { Site } from "./site.ts";

/** Long enough for a browser to start while the machine has much else to do. */
const PATIENCE_MS = 60_000;
const why = chromiumPath === undefined ? " (skipped: no Chromium here, nor in $CHROMIUM)" : "";

describe.skipIf(chromiumPath === undefined)(`in Chromium${why}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  }, PATIENCE_MS);
  afterAll(() => browser.close(), PATIENCE_MS);

  describe.each([
    ["with shared memory", true],
    ["without shared memory", false],
  ])("%s", (_, isolated) => {
    const thrown: Error[] = [];
    let site: Site;
    let page: Page;

    beforeAll(async () => {
      site = await Site.open({ isolated });
      page = await browser.newPage();
      page.on("pageerror", (error) => thrown.push(error));
      await page.goto(site.url);
    }, PATIENCE_MS);
    afterAll(async () => {
      await page.close();
      await site[Symbol.asyncDispose]();
    }, PATIENCE_MS);

    test("the page is what it should be", async () => {
      expect(await page.evaluate("crossOriginIsolated")).toBe(isolated);
      expect(await page.evaluate("typeof SharedArrayBuffer === 'function'")).toBe(isolated);
    });

    test.for(checksWith({ isShared: isolated }).map(({ name }) => name))(
      "%s",
      { timeout: PATIENCE_MS },
      async (name) => {
        await page.evaluate(`check(${JSON.stringify(name)})`);
        expect(thrown.splice(0)).toEqual([]);
      },
    );

    test("no worker is left", { timeout: PATIENCE_MS }, async () => {
      // Chromium lets one that is terminated while it computes go on for two seconds.
      await expect.poll(() => page.workers().length, { timeout: 10_000 }).toBe(0);
    });
  });
});
