let n = 0;

export default () => ++n;

export const echo = (what) => what;

export function countPrimes({ from, numbers }) {
  let count = 0;
  for (let each = from; each < from + numbers; each++) if (isPrime(each)) count++;
  return count;
}

function isPrime(candidate) {
  if (candidate < 2) return false;
  for (let by = 2; by * by <= candidate; by++) if (candidate % by === 0) return false;
  return true;
}
