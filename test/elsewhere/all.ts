import type { Check } from "./check.ts";
import { oneThread } from "./one-thread.ts";

export const all: readonly Check[] = oneThread;
