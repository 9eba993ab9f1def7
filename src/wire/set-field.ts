/** As an assignment, but that `__proto__` is a name like any other. */
export function setField(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
