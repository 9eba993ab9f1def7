import { once } from "node:events";
import { request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly socketPath?: string;
}

/** Asks over a connection of its own; rejects when the answer is not whole. */
export async function ask(port: number, path = "/", question: Question = {}): Promise<Answer> {
  const { body, ...options } = question;
  const asking = request({ host: "127.0.0.1", port, path, agent: false, ...options });
  asking.end(body);
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk as string;
  return { status: answer.statusCode, headers: answer.headers, body: text };
}

/** A request as it goes over the wire, for a plain socket. */
export function raw(head: string, ...headers: readonly string[]): string {
  return [`${head} HTTP/1.1`, "Host: test", ...headers, "", ""].join("\r\n");
}
