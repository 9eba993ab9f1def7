/** What an HTTP server has seen so far. */
export interface HttpStats {
  /** Connections that are there now. */
  readonly connections: number;
  /** Requests that came and whose answer is not on its way yet. */
  readonly underWay: number;
  /** Requests whose answer was sent whole, whatever it was. */
  readonly answered: number;
  /** Handlers that threw what is no refusal of ours: answered in their place, or cut off. */
  readonly failed: number;
  /** Requests whose time was up. */
  readonly timedOut: number;
  /** Requests whose client left before it had its answer. */
  readonly abandoned: number;
  /** Requests refused because too many were under way, or their body was too long. */
  readonly refused: number;
  /** Connections closed at once, because there were as many as there may be. */
  readonly dropped: number;
  /** What was no request, or did not come in time: answered with 400, 408, 431, or cut off. */
  readonly malformed: number;
  /** Requests broken off because the server's time to end was up. */
  readonly cut: number;
}

/** The same, while it is counted. */
export type Counts = {
  -readonly [K in Exclude<keyof HttpStats, "connections" | "underWay">]: number;
};

export function noCounts(): Counts {
  return {
    answered: 0,
    failed: 0,
    timedOut: 0,
    abandoned: 0,
    refused: 0,
    dropped: 0,
    malformed: 0,
    cut: 0,
  };
}
