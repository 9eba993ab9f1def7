/** A file that only the actors need: what copies their file and does not bundle it leaves this out. */
export function isEven(n: number): boolean {
  return n % 2 === 0;
}
