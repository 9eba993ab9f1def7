import { callsMistakes } from "./calls-mistakes.ts";
import { factoriesMistakes } from "./factories-mistakes.ts";
import { kvMistakes } from "./kv-mistakes.ts";
import { linksMistakes } from "./links-mistakes.ts";
import { mailboxesMistakes } from "./mailboxes-mistakes.ts";
import type { Mistake } from "./mistake.ts";
import { namesMistakes } from "./names-mistakes.ts";
import { streamsMistakes } from "./streams-mistakes.ts";
import { supervisionMistakes } from "./supervision-mistakes.ts";
import { timersMistakes } from "./timers-mistakes.ts";

/** All of them, by what they are about. */
export const mistakes: readonly Mistake[] = [
  ...callsMistakes,
  ...mailboxesMistakes,
  ...timersMistakes,
  ...streamsMistakes,
  ...supervisionMistakes,
  ...linksMistakes,
  ...namesMistakes,
  ...factoriesMistakes,
  ...kvMistakes,
];
