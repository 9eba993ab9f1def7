import type { Results } from "./results.ts";

export function writeDocuments(results: Results): void {
  void results;
}
