/** Somebody who takes part in the contests. */
export interface Contender {
  readonly name: string;
  /** What a reader has to know before comparing. */
  readonly note?: string;
  /** How it is run: from our sources, from `bench/peers/<module>.mjs`, or as an Erlang module. */
  readonly runs: "here" | "peer" | "erlang";
  /** The file or module of a peer. */
  readonly module: string;
}

export const troupe: Contender = { name: "troupe", runs: "here", module: "troupe" };

/** The leanest JavaScript that does the same work; every task says what that is. */
export const plain: Contender = { name: "plain", runs: "here", module: "plain" };

const SYNCHRONOUS = "does not queue";

/** In the order of the columns. */
export const peers: readonly Contender[] = [
  { name: "nact", runs: "peer", module: "nact" },
  { name: "effect", runs: "peer", module: "effect" },
  { name: "comedy", runs: "peer", module: "comedy" },
  { name: "xstate", note: SYNCHRONOUS, runs: "peer", module: "xstate" },
  { name: "EventEmitter", note: SYNCHRONOUS, runs: "peer", module: "emitter" },
  { name: "fastq", runs: "peer", module: "fastq" },
  { name: "p-queue", runs: "peer", module: "p-queue" },
  { name: "comlink", runs: "peer", module: "comlink" },
  { name: "piscina", runs: "peer", module: "piscina" },
  { name: "postMessage", note: "one each", runs: "peer", module: "post-message" },
  { name: "Erlang", runs: "erlang", module: "bench_send" },
  { name: "gen_server", runs: "erlang", module: "bench_server" },
];

/** Who takes part: troupe and its limit always, and the others where they are asked for and there. */
export function contenders(withPeers: boolean, withErlang: boolean): readonly Contender[] {
  const invited = withPeers ? peers : [];
  return [troupe, plain, ...invited.filter(({ runs }) => runs !== "erlang" || withErlang)];
}
