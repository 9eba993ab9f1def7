/** What a promise has come to by now: `pending`, `resolved`, or the code of its error. */
export async function outcome(promise: Promise<unknown>): Promise<string> {
  const pending = Symbol("pending");
  try {
    const first = await Promise.race([promise, Promise.resolve(pending)]);
    return first === pending ? "pending" : "resolved";
  } catch (error) {
    const { code } = error as { readonly code?: string };
    return code ?? String(error);
  }
}
