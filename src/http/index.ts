/** HTTP as actors: a supervised server, whose requests have a deadline that reaches actors. */
export { eventResponse, sendEvents, type EventsOptions, type ServerEvent } from "./events.ts";
export type { ErrorAnswer, ErrorMapping } from "./failure.ts";
export type { FetchHandler } from "./fetch-handler.ts";
export { requestScope, type FreeScopeOptions } from "./free-request.ts";
export type { HttpLimits } from "./limits.ts";
export type {
  HttpAddress,
  HttpListenOnPath,
  HttpListenOnPort,
  HttpListenOptions,
} from "./listen.ts";
export type { RequestScope } from "./request-scope.ts";
export {
  httpServer,
  type HttpServer,
  type HttpServerSettings,
  type HttpServerSpec,
  type Listener,
} from "./server.ts";
export type { HttpStats } from "./stats.ts";
export { sendStream, streamBody, type Chunk } from "./stream-body.ts";
