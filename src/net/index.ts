/** TCP as actors: a supervised server with an actor for each connection, and connections as streams. */
export { connect, type ConnectOptions } from "./connect.ts";
export type { Connection, Endpoint } from "./connection.ts";
export type { ConnectionLimits, ServerLimits } from "./limits.ts";
export type { ListenOptions } from "./listen.ts";
export type { ServerStats } from "./reception.ts";
export { tcpServer, type TcpServer, type TcpServerSpec } from "./server.ts";
