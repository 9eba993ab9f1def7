import { callsMistakes } from "./calls-mistakes.ts";
import { kvMistakes } from "./kv-mistakes.ts";
import type { Mistake } from "./mistake.ts";
import { namesMistakes } from "./names-mistakes.ts";
import { supervisionMistakes } from "./supervision-mistakes.ts";

/** All of them, by what they are about. */
export const mistakes: readonly Mistake[] = [
  ...callsMistakes,
  ...supervisionMistakes,
  ...namesMistakes,
  ...kvMistakes,
];
