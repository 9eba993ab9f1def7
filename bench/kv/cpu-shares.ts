/** What a `.cpuprofile` tells of where the time went. */

interface Profile {
  readonly nodes: readonly ProfileNode[];
  /** The node that was on top of the stack, for each sample. */
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** Where code belongs by its file; what is none of these works for whoever called it. */
const PLACES: readonly (readonly [Part, RegExp])[] = [
  ["kernel", /\/dist\/node\/(index|shared)/],
  ["sockets", /\/dist\/node\/net\.js$|^node:net$|^node:internal\/stream/],
  ["coding", /\/kv\/(request-decoder|command|unparsed|inline-request|resp|log-record)\.js$/],
  ["commands", /\/kv\//],
  ["event loop", /^node:internal\/(process|timers)/],
];

export const PARTS = ["kernel", "sockets", "coding", "commands", "gc", "event loop"] as const;
export type Part = (typeof PARTS)[number];

/** The parts' shares of the time that the process was busy, the first `skipMs` left out. */
export function cpuShares(profile: Profile, skipMs: number): Readonly<Record<Part, number>> {
  const parts = partsOf(profile.nodes);
  const spent = { kernel: 0, sockets: 0, coding: 0, commands: 0, gc: 0, "event loop": 0 };
  let busy = 0;
  let now = 0;
  for (const [index, id] of profile.samples.entries()) {
    const took = profile.timeDeltas[index] ?? 0;
    now += took;
    const part = parts.get(id);
    if (now < skipMs * 1_000 || part === undefined) continue;
    spent[part] += took;
    busy += took;
  }
  for (const part of PARTS) spent[part] /= busy;
  return spent;
}

/** The part each node belongs to; none for those that are idle. */
function partsOf(nodes: readonly ProfileNode[]): Map<number, Part> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parts = new Map<number, Part>();
  const visit = ({ id, callFrame, children = [] }: ProfileNode, caller: Part): void => {
    const { functionName, url } = callFrame;
    const part = functionName === "(garbage collector)" ? "gc" : (placeOf(url) ?? caller);
    if (functionName !== "(idle)") parts.set(id, part);
    for (const child of children) visit(byId.get(child)!, part);
  };
  visit(nodes[0]!, "event loop");
  return parts;
}

function placeOf(url: string): Part | undefined {
  return PLACES.find(([, pattern]) => pattern.test(url))?.[0];
}
