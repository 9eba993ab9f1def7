/** A message with something in it. */
export interface Order {
  readonly id: number;
  readonly kind: string;
  readonly text: string;
}

/** A new one each time, as senders make them. */
export function order(id: number): Order {
  return { id, kind: "order", text: "two of the large ones, please" };
}
