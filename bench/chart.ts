/** A bar: how many ns it takes somebody; `call` is one that takes less because it does less. */
export interface Bar {
  readonly who: string;
  readonly value: number;
  readonly kind: "ours" | "peer" | "other" | "call" | "limit";
}

/** What is compared with each other. */
export interface Bars {
  readonly label: string;
  readonly bars: readonly Bar[];
}

export interface ChartText {
  readonly title: string;
  readonly subtitle: string;
  readonly axis: string;
}

const WIDTH = 860;
const LEFT = 170;
const RIGHT = 190;
const TOP = 96;
const BOTTOM = 46;
const BAR = 11;
const PITCH = 15;
const GAP = 18;

/*
 * The drawing has a ground of its own, because it may be shown on a page of either colour whatever
 * the reader's system prefers.
 */
const STYLE = `
  .ground { fill: #ffffff; } .grid { stroke: #d8dee4; } text { fill: #1f2328; }
  .soft { fill: #59636e; }
  .ours { fill: #0969da; } .peer { fill: #8c959f; } .other { fill: #bf8700; } .limit { fill: #d0d7de; }
  .call { fill: none; stroke: #8c959f; stroke-width: 1.2; } .name { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .grid { stroke: #30363d; } text { fill: #e6edf3; }
    .soft { fill: #9198a1; }
    .ours { fill: #4493f8; } .peer { fill: #6e7681; } .other { fill: #d29922; } .limit { fill: #3d444d; }
    .call { stroke: #6e7681; }
  }
`;

/** Horizontal bars on a logarithmic axis, as an SVG that can stand for itself. */
export function chart(groups: readonly Bars[], { title, subtitle, axis }: ChartText): string {
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value));
  const scale = logScale(Math.min(...values), Math.max(...values));
  const tops = stack(groups);
  const bottom = TOP + (tops.at(-1) ?? 0);
  const height = bottom + BOTTOM;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="11" role="img" aria-label="${escape(title)}">
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>
<text x="20" y="30" font-size="17" class="name">${escape(title)}</text>
<text x="20" y="50" class="soft">${escape(subtitle)}</text>
${scale.decades.map((decade) => gridLine(scale.x(decade), decade, bottom)).join("\n")}
<text x="${LEFT}" y="${bottom + 36}" class="soft">${escape(axis)}</text>
${groups.map((group, i) => groupOf(group, TOP + (tops[i] ?? 0), scale)).join("\n")}
</svg>
`;
}

interface Scale {
  readonly x: (value: number) => number;
  readonly decades: readonly number[];
}

/** From the power of ten below the least, but at least 1 ns, to the one above the greatest. */
function logScale(least: number, greatest: number): Scale {
  const from = Math.max(0, Math.floor(Math.log10(least)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(greatest)));
  const width = (WIDTH - LEFT - RIGHT) / (to - from);
  return {
    x: (value) => LEFT + (Math.log10(value) - from) * width,
    decades: Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i)),
  };
}

/** Where each group begins, and where the last ends. */
function stack(groups: readonly Bars[]): readonly number[] {
  let top = 0;
  return [0, ...groups.map(({ bars }) => (top += bars.length * PITCH + GAP))];
}

function gridLine(x: number, decade: number, bottom: number): string {
  const at = x.toFixed(1);
  const label = `text-anchor="middle" class="soft">${duration(decade)}</text>`;
  return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${bottom}"/>
<text x="${at}" y="${TOP - 14}" ${label}
<text x="${at}" y="${bottom + 16}" ${label}`;
}

function groupOf({ label, bars }: Bars, top: number, { x }: Scale): string {
  const drawn = bars.map(({ who, value, kind }, i) => {
    const y = top + i * PITCH;
    const width = Math.max(1, x(value) - LEFT);
    const name = kind === "ours" ? ' class="name"' : "";
    return `<rect class="${kind}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="1.5"/>
<text x="${(LEFT + width + 5).toFixed(1)}" y="${y + 9.5}"${name}>${escape(who)} <tspan class="soft">${figure(value)}</tspan></text>`;
  });
  return `<text x="${LEFT - 10}" y="${top + 10}" text-anchor="end" class="name">${escape(label)}</text>
${drawn.join("\n")}`;
}

/** 1 ns, 10 ns … 100 µs. */
function duration(ns: number): string {
  if (ns >= 1e6) return `${ns / 1e6} ms`;
  return ns >= 1e3 ? `${ns / 1e3} µs` : `${ns} ns`;
}

function figure(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
