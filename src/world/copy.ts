/** Copies as a message to another thread is copied, and moves what is to be moved; throws where that cannot be. */
export function copyForThread<T>(value: T, moved: readonly object[]): T {
  return structuredClone(value, { transfer: moved });
}
