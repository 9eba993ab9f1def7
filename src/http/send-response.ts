import type { ServerResponse } from "node:http";
import type { HttpRequest } from "./http-request.ts";
import { sendBody } from "./stream-body.ts";

/**
 * Sends a web response by Node's, at the pace of the client.
 *
 * Rejects with what the body fails with. When the client leaves, the body is cancelled.
 */
export async function sendResponse(
  { outgoing }: Pick<HttpRequest<unknown>, "outgoing">,
  response: Response,
): Promise<void> {
  const { body } = response;
  // Somebody was faster: the time was up, or the client has left.
  if (outgoing.headersSent || outgoing.destroyed) {
    await body?.cancel();
    return;
  }
  writeHead(outgoing, response);
  if (body === null) outgoing.end();
  else await sendBody(outgoing, body);
}

function writeHead(outgoing: ServerResponse, { status, statusText, headers }: Response): void {
  if (statusText !== "") outgoing.statusMessage = statusText;
  const cookies = headers.getSetCookie();
  for (const [name, value] of headers) {
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  outgoing.writeHead(status);
}
