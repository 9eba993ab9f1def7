import { BadInputError } from "../../index.ts";
import { cut, oneLine, widthOf } from "./glyphs.ts";
import { Lifelines } from "./lifelines.ts";
import { Row } from "./row.ts";
import {
  afterText,
  ARGUMENT,
  callText,
  formatMs,
  involvedIn,
  isEnd,
  isStart,
  isTrouble,
  participants,
  wantsOf,
  type MessageStep,
  type NoteStep,
  type ReplyStep,
  type WorldStep,
} from "./steps.ts";

/** What happened in a run, as far as it can be drawn. */
export type Step = MessageStep | ReplyStep | NoteStep | WorldStep;

/** The width of a line where none is given. */
const WIDTH = 100;
/** In less, there would be no room for two columns and a text. */
const LEAST_WIDTH = 40;
/** The labels are written again after so many lines. */
const PAGE = 40;
/** A text beside a column takes no more lines than this. */
const MOST_LINES = 4;

/**
 * Draws steps as a sequence diagram in plain text: a column for each who takes part, an arrow for
 * each message, dashed where it is a late reply. No line is wider than `width`
 * (default 100; at least 40). Throws for nothing that an argument may be.
 */
export function diagram(steps: readonly Step[], options: { readonly width?: number } = {}): string {
  const { width = WIDTH } = options;
  if (!(width >= LEAST_WIDTH)) {
    throw new BadInputError(
      `diagram: width is ${width}; it must be a number of columns, at least ${LEAST_WIDTH}`,
    );
  }
  return steps.length === 0 ? "" : new Drawing(steps, Math.floor(width)).text();
}

class Drawing {
  readonly #steps: readonly Step[];
  readonly #width: number;
  readonly #times: readonly string[];
  readonly #timeWidth: number;
  readonly #lines: Lifelines;
  /** Of the columns, those whose actor is there. */
  readonly #alive: Set<number>;
  readonly #rows: string[] = [];

  constructor(steps: readonly Step[], width: number) {
    this.#steps = steps;
    this.#width = width;
    this.#times = steps.map(({ atMs }) => formatMs(atMs));
    this.#timeWidth = Math.max(...this.#times.map((time) => time.length));
    const wants = steps.flatMap(wantsOf);
    this.#lines = new Lifelines(involvedIn(steps), wants, this.#timeWidth + 1, width);
    this.#alive = this.#aliveFromTheStart();
  }

  /** All but those whose start is the first that is heard of them. */
  #aliveFromTheStart(): Set<number> {
    const alive = new Set<number>();
    const seen = new Set<number>();
    for (const step of this.#steps) {
      for (const column of participants(step).map((who) => this.#lines.indexOf(who))) {
        if (!seen.has(column) && !isStart(step)) alive.add(column);
        seen.add(column);
      }
    }
    return alive;
  }

  text(): string {
    let pageEnd = 0;
    let shown = "";
    this.#steps.forEach((step, at) => {
      // A page of a few lines only is none.
      if (at >= pageEnd && (at === 0 || this.#steps.length - at > PAGE / 4)) {
        this.#drawLabels();
        pageEnd = at + PAGE;
        shown = "";
      }
      const time = this.#times[at]!;
      const rows = this.#drawStep(step);
      if (time !== shown) rows[0]?.put(this.#timeWidth - time.length, time);
      shown = time;
      this.#rows.push(...rows.map((row) => row.text()));
    });
    return this.#rows.join("\n");
  }

  #drawLabels(): void {
    const [first, second] = this.#lines.header();
    this.#rows.push(this.#labels(first ?? [], []).text());
    if (second !== undefined) {
      const above = this.#lines.columns.map((_, at) => at).filter((at) => at % 2 === 0);
      this.#rows.push(this.#labels(second, above).text());
    }
  }

  #labels(labels: readonly { text: string; x: number }[], lifelines: readonly number[]): Row {
    const row = new Row();
    for (const at of lifelines) row.put(this.#lines.columns[at]!.x, "│");
    for (const { text, x } of labels) row.put(x, text);
    return row;
  }

  #drawStep(step: Step): Row[] {
    if (step.kind === "note") return this.#drawNote(step);
    if (step.kind === "world") return this.#drawWorld(step.text);
    for (const who of participants(step)) this.#alive.add(this.#lines.indexOf(who));
    if (step.kind === "message") return this.#drawMessage(step);
    const row = this.#row();
    this.#drawArrow(row, step.from, step.to, "╌", [`reply to ${oneLine(step.verb)}`], 0);
    return [row];
  }

  /** A line with nothing on it yet but those who are there. */
  #row(): Row {
    const row = new Row();
    this.#lines.columns.forEach(({ x }, at) => {
      if (this.#alive.has(at)) row.put(x, "│");
    });
    return row;
  }

  #drawMessage(step: MessageStep): Row[] {
    const { from, to } = step;
    const lines = this.#lines;
    const row = this.#row();
    const texts = [ARGUMENT.long, ARGUMENT.short].map((room) => {
      const text = this.#named(to, ".", callText(step, room));
      return from === null || from === to ? text : this.#named(from, ": ", text);
    });
    const x = lines.xOf(to);
    const right = Math.max(x, lines.xOf(from ?? to));
    const after = afterText(step);
    // What became of it stands on the same line where there is room, else on lines of its own.
    const least = Math.min(widthOf(texts[1] ?? ""), ARGUMENT.short);
    const fits = widthOf(after) + least + 2 <= this.#width - right - 2;
    const kept = fits && after !== "" ? widthOf(after) + 2 : 0;
    let end: number;
    if (from !== null && lines.indexOf(from) !== lines.indexOf(to)) {
      end = this.#drawArrow(row, from, to, "─", texts, kept);
    } else {
      if (from === null) row.put(x - 3, "○─►");
      const signed = from === to ? texts.map((text) => `⟲ ${text}`) : texts;
      end = this.#putBeside(row, from === null ? x - 3 : x, x, signed, kept);
    }
    if (fits) row.put(end, after);
    if (fits || after === "") return [row];
    return [row, ...this.#drawBeside(x, after)];
  }

  #drawNote(step: NoteStep): Row[] {
    const column = this.#lines.indexOf(step.who);
    const x = this.#lines.xOf(step.who);
    // Where several share a column, the others may still be there.
    const ends = isEnd(step) && !this.#lines.isShared(step.who);
    if (ends) this.#alive.delete(column);
    const rows = this.#drawBeside(x, this.#named(step.who, ": ", oneLine(step.text)));
    rows[0]?.put(x, isEnd(step) ? "╳" : isTrouble(step) ? "✗" : "●");
    if (isStart(step)) this.#alive.add(column);
    return rows;
  }

  /** Lines with a text beside a column, on the right where it fits, else where there is more room. */
  #drawBeside(x: number, text: string): Row[] {
    const right = this.#width - x - 2;
    const left = x - this.#timeWidth - 3;
    const isRight = right >= left || widthOf(text) <= right;
    const room = isRight ? right : left;
    const parts = wrap(text, room);
    const rest = parts.splice(MOST_LINES - 1).join(" ");
    if (rest !== "") parts.push(cut(rest, room));
    const start = isRight ? x + 2 : x - 1 - Math.max(...parts.map(widthOf));
    return parts.map((part) => {
      const row = this.#row();
      row.put(start, part);
      return row;
    });
  }

  #drawWorld(text: string): Row[] {
    const from = this.#timeWidth + 1;
    const parts = wrap(oneLine(text), this.#width - from - 6);
    const end = Math.max(this.#lines.end, ...parts.map((part) => from + widthOf(part) + 6));
    return parts.map((part) => {
      const row = new Row();
      row.put(from, "═".repeat(end - from));
      row.put(from + 3, ` ${part} `);
      return row;
    });
  }

  /** Answers where there is room for more, to the right of all; `kept` columns stay free there. */
  #drawArrow(
    row: Row,
    from: string,
    to: string,
    dash: string,
    texts: readonly string[],
    kept: number,
  ): number {
    const [start, end] = [this.#lines.xOf(from), this.#lines.xOf(to)];
    const [low, high] = start < end ? [start, end] : [end, start];
    for (let x = low + 1; x < high; x++) row.put(x, row.has(x) ? "┼" : dash);
    row.put(start < end ? high - 1 : low + 1, start < end ? "►" : "◄");
    const written = fitting(
      dash === "╌" ? texts.map((text) => ` ${text} `) : texts,
      high - low - 4,
    );
    if (written === undefined || (written !== texts[0] && dash === "─")) {
      return this.#putBeside(row, low, high, texts, kept, high - low - 4);
    }
    this.#putOnArrow(row, start < end, low, high, written);
    return high + 2;
  }

  /** Near the sender, with two dashes before it where there is room. */
  #putOnArrow(row: Row, toRight: boolean, low: number, high: number, text: string): void {
    const width = widthOf(text);
    const lead = Math.min(3, high - low - width - 2);
    row.put(toRight ? low + lead : high - lead - width + 1, text);
  }

  /**
   * Writes a text to the right of what is drawn between `low` and `high`, or to the left of it, or
   * between (where `inside` columns are free), wherever there is room for most of it. Answers where
   * there is room for more.
   */
  #putBeside(
    row: Row,
    low: number,
    high: number,
    texts: readonly string[],
    kept: number,
    inside = 0,
  ): number {
    const right = this.#width - high - 2 - kept;
    const left = low - this.#timeWidth - 3;
    const [full = ""] = texts;
    const place = [right, left, inside].find((room) => widthOf(full) <= room);
    const room = place ?? Math.max(right, left, inside);
    const text = fitting(texts, room) ?? cut(full, room);
    if (room === right) {
      row.put(high + 2, text);
      return high + 2 + (text === "" ? 0 : widthOf(text) + 2);
    }
    if (room === left) row.put(low - 1 - widthOf(text), text);
    else this.#putOnArrow(row, row.at(high - 1) === "►", low, high, text);
    return high + 2;
  }

  /** Says who it is, where the column does not. */
  #named(who: string, between: string, text: string): string {
    return this.#lines.isShared(who) ? oneLine(who) + between + text : text;
  }
}

function fitting(texts: readonly string[], room: number): string | undefined {
  return texts.find((text) => widthOf(text) <= room);
}

/** Lines of whole words, at least one; a word that is too long is cut. */
function wrap(text: string, room: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    const longer = last === "" ? word : `${last} ${word}`;
    if (widthOf(longer) <= room) lines[lines.length - 1] = longer;
    else if (last === "") lines[lines.length - 1] = cut(word, room);
    else lines.push(cut(word, room));
  }
  return lines;
}
