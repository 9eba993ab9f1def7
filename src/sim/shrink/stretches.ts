/** A stretch of a list, `end` not included. */
export type Stretch = readonly [start: number, end: number];

/**
 * Offers every stretch of a list to `drop`, long ones first, each time from the end to the start: what
 * stands late depends on what stood early, and seldom the other way round.
 *
 * The list may get shorter at any time; `length` says how long it is now.
 */
export async function eachStretch(
  length: () => number,
  drop: (stretch: Stretch) => Promise<unknown>,
): Promise<void> {
  for (let size = length(); size >= 1; size = Math.floor(size / 2)) {
    for (let end = length(); end > 0; end = Math.min(end - size, length())) {
      await drop([Math.max(0, end - size), end]);
    }
  }
}

/** The list without a stretch of it. */
export function without<T>(list: readonly T[], [start, end]: Stretch): T[] {
  return [...list.slice(0, start), ...list.slice(end)];
}
