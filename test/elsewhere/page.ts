import { checksWith } from "./all.ts";

/** The checks as a page has them: the test outside calls them by name. */
Object.assign(globalThis, {
  async check(name: string): Promise<void> {
    const found = checksWith({ isShared: true }).find((one) => one.name === name);
    if (found === undefined) throw new Error(`the page has no check "${name}"`);
    await found.run();
  },
});
