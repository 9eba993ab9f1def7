import { BadInputError } from "../index.ts";
import { checkFunction, checkLimit } from "../kernel/options.ts";
import { checkCertificate } from "../net/tls.ts";
import { checkObject } from "./limits.ts";
import type { HttpServerSpec } from "./server.ts";

/** All that a spec may say. */
const OPTIONS: Readonly<Record<keyof HttpServerSpec<unknown, object>, true>> = {
  fetch: true,
  listener: true,
  init: true,
  exit: true,
  deadlineMs: true,
  shutdownMs: true,
  limits: true,
  onError: true,
  tls: true,
  name: true,
};

/** Refuses a spec that cannot work; its limits are checked where they are filled in. */
export function checkSpec(given: unknown): void {
  checkObject("httpServer: the spec", given);
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(OPTIONS, key)) continue;
    const known = Object.keys(OPTIONS).join(", ");
    throw new BadInputError(`httpServer: there is no option "${key}"; there are ${known}`);
  }
  const { fetch, listener, deadlineMs, shutdownMs, tls, ...rest } = given as Partial<
    Record<keyof typeof OPTIONS, unknown>
  >;
  if ((typeof fetch === "function") === (typeof listener === "function")) {
    throw new BadInputError("httpServer: give it one handler, either `fetch` or `listener`");
  }
  for (const key of ["init", "exit", "onError"] as const) {
    if (rest[key] !== undefined) checkFunction(`httpServer: ${key}`, rest[key]);
  }
  if (typeof deadlineMs !== "function") checkLimit("httpServer: deadlineMs", deadlineMs);
  checkLimit("httpServer: shutdownMs", shutdownMs);
  if (tls !== undefined) checkCertificate("httpServer", tls);
}
