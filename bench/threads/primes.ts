/** Slow on purpose: work for a processor, without memory or garbage that would get in its way. */
export function countPrimes(from: number, numbers: number): number {
  let count = 0;
  for (let each = from; each < from + numbers; each++) if (isPrime(each)) count++;
  return count;
}

function isPrime(candidate: number): boolean {
  if (candidate < 2) return false;
  for (let by = 2; by * by <= candidate; by++) if (candidate % by === 0) return false;
  return true;
}

/** The same by other means, and fast: to know what must come out. */
export function sievedPrimes(from: number, numbers: number): number {
  const end = from + numbers;
  const composite = new Uint8Array(numbers);
  for (let by = 2; by * by < end; by++) {
    const first = Math.max(by * by, Math.ceil(from / by) * by);
    for (let each = first; each < end; each += by) composite[each - from] = 1;
  }
  return composite.reduce((count, isOut) => count + 1 - isOut, 0);
}
