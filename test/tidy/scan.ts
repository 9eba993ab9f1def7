/** What a scan tells apart; characters of other kinds are blanks, so that places stay the same. */
export interface Scanned {
  /** Names and punctuation: no comments, nothing of what stands between quotes. */
  readonly code: string;
  readonly comments: string;
}

/** A slash after one of these begins a regular expression; after anything else it divides. */
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|=>|\b(?:return|typeof|case|in|of|void|yield|await))\s*$/;

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`|\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*|[{}]/g;

/**
 * Separates the code of a TypeScript file from its comments and its texts.
 *
 * Not a parser: it knows just enough to see where comments, strings, templates and regular
 * expressions begin and end.
 */
export function scan(source: string): Scanned {
  const code: string[] = [];
  const comments: string[] = [];
  let last = 0;
  const keep = (upTo: number): void => {
    const text = source.slice(last, upTo);
    code.push(text);
    comments.push(blank(text));
    last = upTo;
  };
  const skip = (upTo: number, isComment = false): void => {
    const text = source.slice(last, upTo);
    code.push(blank(text));
    comments.push(isComment ? text : blank(text));
    last = upTo;
  };
  /** Depths of braces in the templates that we are in the middle of. */
  const templates: number[] = [];
  const token = new RegExp(TOKEN);
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const [text] = match;
    const end = match.index + text.length;
    if (text.startsWith("//") || text.startsWith("/*")) {
      keep(match.index);
      skip(end, true);
    } else if (text === "{") {
      if (templates.length > 0) templates[templates.length - 1]! += 1;
    } else if (text === "}" && templates.at(-1) !== 0) {
      if (templates.length > 0) templates[templates.length - 1]! -= 1;
    } else if (text === "`" || text === "}") {
      keep(match.index);
      if (text === "}") templates.pop();
      const { at, opens } = endOfTemplate(source, end);
      skip(at);
      if (opens) templates.push(0);
      token.lastIndex = at;
    } else if (
      text.startsWith("/") &&
      !BEFORE_REGEX.test(source.slice(0, match.index).slice(-40))
    ) {
      token.lastIndex = match.index + 1;
    } else {
      keep(match.index);
      skip(end);
    }
  }
  keep(source.length);
  return { code: code.join(""), comments: comments.join("") };
}

/** Where a template's text ends: behind its last quote, or behind a `${`. */
function endOfTemplate(source: string, from: number): { at: number; opens: boolean } {
  const rest = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?<end>`|\$\{|$)/y;
  rest.lastIndex = from;
  const match = rest.exec(source);
  return { at: from + (match?.[0].length ?? 0), opens: match?.groups?.["end"] === "${" };
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}
