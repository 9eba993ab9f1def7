const { setImmediate } = globalThis;

/** Runs something as a callback of the event loop: nothing else is on the stack, no microtask either. */
export function inMacrotask<T>(fn: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(fn());
      } catch (error) {
        reject(error);
      }
    });
  });
}
