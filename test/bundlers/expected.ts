import type { Findings } from "./app/run.ts";

/** What the program finds, however it was bundled. */
export const expected: Findings = {
  value: 4,
  isEven: true,
  heard: 4,
  isSameRef: true,
  keepsOurClass: true,
  keepsRegisteredClass: true,
  whyThreadEnded: "has ended: Error: nobody awaits this",
  afterThreadEnded: 1,
};
