/** The first run that did not hold. */
export interface Found {
  readonly kind: "found";
  /** Seeds are counted from 1, so it is how many were needed. */
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
  /** Of that run, and of what is left of it. */
  readonly decisions: { readonly found: number; readonly left: number };
}

/** What came of a hunt. */
export type Outcome =
  | Found
  /** Every run held. */
  | { readonly kind: "held"; readonly seeds: number }
  /** The simulation came to no verdict. */
  | { readonly kind: "broke"; readonly message: string };
