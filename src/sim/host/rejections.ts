/** A promise that is rejected and that nobody listens to ends a process: here it ends the run. */
export function catchRejections(): {
  uncaughtRejections: readonly unknown[];
  restore: () => void;
} {
  const uncaughtRejections: unknown[] = [];
  const others = process.rawListeners("unhandledRejection") as (() => void)[];
  const hear = (error: unknown): void => void uncaughtRejections.push(error);
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", hear);
  return {
    uncaughtRejections,
    restore() {
      process.off("unhandledRejection", hear);
      for (const other of others) process.on("unhandledRejection", other);
    },
  };
}
