import {
  actor,
  drain,
  exited,
  isAlive,
  kill,
  link,
  restart,
  started,
  status,
  stop,
  type AnyRef,
  type SpawnOptions,
} from "troupe";
import { Subject, type SubjectProps } from "./actors-subject.ts";

/** Does to others, from where it runs, what can be done to any actor. */
export const Boss = actor({
  name: "boss",
  call: {
    stop: (_ctx, ref: AnyRef, reason?: string) => stop(ref, reason),
    drain: (_ctx, ref: AnyRef) => drain(ref),
    exited: (_ctx, ref: AnyRef) => exited(ref),
    kill: async (_ctx, ref: AnyRef) => {
      await kill(ref);
      return status(ref);
    },
    restart: (_ctx, ref: AnyRef) => restart(ref),
    started: async (_ctx, ref: AnyRef) =>
      started(ref).then(
        () => "started",
        (error: Error & { readonly why?: string }) => `${error.name}: ${error.why ?? ""}`,
      ),
    stopLate: (_ctx, ref: AnyRef, timeout: number) =>
      stop(ref, "late", { timeout }).then(String, (error: Error) => error.name),
    isAlive: (_ctx, ref: AnyRef) => isAlive(ref),
    link: (_ctx, a: AnyRef, b: AnyRef): void => link(a, b),
    spawn: (ctx, props: SubjectProps, options: Pick<SpawnOptions, "restart">): unknown =>
      ctx.spawn(Subject, props, options),
  },
});
