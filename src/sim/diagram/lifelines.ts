import { cutMiddle, oneLine, widthOf } from "./glyphs.ts";

/** Room that a text wants between two columns, or behind the last. */
export interface Want {
  readonly from: string;
  /** The same as `from` where it stands to the right of a column. */
  readonly to: string;
  readonly room: number;
}

/** The least distance of two columns: arrows are seen, and labels can be told apart in two lines. */
const LEAST_GAP = 10;
/** The least that is left behind the last column. */
const LEAST_TAIL = 12;
/** A label is centred above its column: of the first, this much stands to the left at most. */
const MOST_HEAD = 10;

interface Column {
  readonly label: string;
  readonly x: number;
}

/**
 * Where each participant's lifeline stands, left to right in order of appearance.
 *
 * When there is no room for all, those who take part least share the last one.
 */
export class Lifelines {
  readonly columns: readonly Column[];
  /** Where what is drawn ends: nothing needs to be wider. */
  readonly end: number;
  readonly #width: number;
  readonly #left: number;
  readonly #index = new Map<string, number>();
  readonly #shared: ReadonlySet<string>;

  /** `involved`: how much each takes part, in order of appearance. `left`: columns taken by times. */
  constructor(
    involved: ReadonlyMap<string, number>,
    wants: readonly Want[],
    left: number,
    width: number,
  ) {
    this.#width = width;
    this.#left = left;
    const most = 1 + Math.max(1, Math.floor((width - left - LEAST_TAIL - 4) / LEAST_GAP));
    this.#shared = leastInvolved(involved, most);
    const labels: string[] = [];
    for (const who of involved.keys()) {
      if (!this.#shared.has(who)) this.#index.set(who, labels.push(oneLine(who)) - 1);
    }
    if (this.#shared.size > 0) labels.push(`${this.#shared.size} others`);
    for (const who of this.#shared) this.#index.set(who, labels.length - 1);
    const first = left + Math.min(MOST_HEAD, Math.max(4, (widthOf(labels[0] ?? "") >> 1) + 1));
    const gaps = spread(this.#needs(labels, wants), width - first);
    let x = first;
    this.columns = labels.map((label, at) => ({ label, x: at === 0 ? x : (x += gaps[at - 1]!) }));
    this.end = Math.min(width, x + (gaps.at(-1) ?? LEAST_TAIL));
  }

  indexOf(who: string): number {
    return this.#index.get(who)!;
  }

  xOf(who: string): number {
    return this.columns[this.indexOf(who)]!.x;
  }

  /** Whether it has no column of its own, so that its name has to be said. */
  isShared(who: string): boolean {
    return this.#shared.has(who);
  }

  /** What each gap needs, to the left of each column but the first, and behind the last. */
  #needs(labels: readonly string[], wants: readonly Want[]): Need[] {
    const needs = labels.map((label, at): Need => {
      const next = labels[at + 1];
      if (next === undefined) return { least: LEAST_TAIL, wanted: widthOf(label) >> 1 };
      return { least: LEAST_GAP, wanted: ((widthOf(label) + widthOf(next)) >> 1) + 3 };
    });
    for (const { from, to, room } of wants) {
      const [a, b] = [this.indexOf(from), this.indexOf(to)].toSorted((x, y) => x - y) as [
        number,
        number,
      ];
      // To the right of a column there is always room, over the lifelines of others.
      if (a === b && b < labels.length - 1) continue;
      const each = Math.ceil(room / Math.max(1, b - a));
      for (let at = a; at < Math.max(b, a + 1); at++) {
        needs[at]!.wanted = Math.max(needs[at]!.wanted, each);
      }
    }
    return needs;
  }

  /** The labels, each above its column: in one line, or in two where one is too narrow. */
  header(): Label[][] {
    const all = this.columns.map((_, at) => at);
    const inOne = this.#place(all);
    if (inOne.every(({ text }, at) => text === this.columns[at]!.label)) return [inOne];
    return [all.filter((at) => at % 2 === 0), all.filter((at) => at % 2 === 1)]
      .filter((line) => line.length > 0)
      .map((line) => this.#place(line));
  }

  #place(line: readonly number[]): Label[] {
    return line.map((index, at) => {
      const { label, x } = this.columns[index]!;
      const before = this.columns[line[at - 1] ?? -1];
      const behind = this.columns[line[at + 1] ?? -1];
      const room = Math.min(
        before === undefined ? 2 * (x - this.#left) + 1 : x - before.x - 2,
        behind === undefined ? 2 * (this.#width - x) - 1 : behind.x - x - 2,
      );
      const text = cutMiddle(label, room);
      return { text, x: x - (widthOf(text) >> 1) };
    });
  }
}

interface Label {
  readonly text: string;
  /** Where it begins. */
  readonly x: number;
}

/** Those who have to share a column, when there may be only `most`. */
function leastInvolved(involved: ReadonlyMap<string, number>, most: number): Set<string> {
  if (involved.size <= most) return new Set();
  const ranked = [...involved].toSorted(([, a], [, b]) => b - a).map(([who]) => who);
  const own = new Set(ranked.slice(0, most - 1));
  return new Set([...involved.keys()].filter((who) => !own.has(who)));
}

interface Need {
  readonly least: number;
  wanted: number;
}

/** Gives every gap what it wants, up to the same limit for all, which is as high as there is room. */
function spread(needs: readonly Need[], room: number): number[] {
  const upTo = (limit: number): number[] =>
    needs.map(({ least, wanted }) => Math.max(least, Math.min(wanted, limit)));
  let gaps = upTo(0);
  const most = Math.max(0, ...needs.map(({ wanted }) => wanted));
  for (let limit = 1; limit <= Math.min(most, room); limit++) {
    const wider = upTo(limit);
    if (wider.reduce((sum, gap) => sum + gap, 0) > room) break;
    gaps = wider;
  }
  return gaps;
}
