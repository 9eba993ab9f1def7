import type { ServerResponse } from "node:http";

/** Resolves when what was written is on its way, or nobody is there to write to. */
export function roomIn(outgoing: ServerResponse): Promise<void> {
  if (!outgoing.writableNeedDrain || outgoing.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      outgoing.off("drain", settle);
      outgoing.off("close", settle);
      resolve();
    };
    outgoing.on("drain", settle);
    outgoing.on("close", settle);
  });
}
