/** Where a progress bar can be drawn over itself. */
interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const WIDTH = 30;
/** Plain lines where nothing can be drawn over: so many, over the whole. */
const LINES = 4;

/** Shows how far it is: as a bar on a terminal, as a few lines in a file. */
export class Screen {
  readonly #out: Output;
  readonly #total: number;
  #ended = 0;

  constructor(out: Output, total: number) {
    this.#out = out;
    this.#total = total;
  }

  /** One more has ended. */
  step(): void {
    const ended = ++this.#ended;
    const total = this.#total;
    const text = `${ended} of ${total} files`;
    if (this.#out.isTTY === true) {
      this.#out.write(`\r\u001B[K${bar(ended / total)} ${text}`);
    } else if (Math.floor((ended * LINES) / total) > Math.floor(((ended - 1) * LINES) / total)) {
      this.#out.write(`${text}\n`);
    }
  }

  end(): void {
    if (this.#out.isTTY === true) this.#out.write("\n");
  }
}

export function bar(part: number): string {
  const full = Math.round(part * WIDTH);
  return `[${"=".repeat(full)}${" ".repeat(WIDTH - full)}]`;
}
