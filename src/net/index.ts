/**
 * Sockets as actors: a supervised server with an actor for each connection, and connections as
 * streams; over TCP, TLS and Unix sockets.
 */
export { connect, type ConnectOptions } from "./connect.ts";
export type { Connection, Endpoint } from "./connection.ts";
export type { DialOptions, DialPath, DialPort } from "./dial.ts";
export type { ConnectionLimits, ServerLimits } from "./limits.ts";
export type { ListenOnPath, ListenOnPort, ListenOptions } from "./listen.ts";
export type { ServerStats } from "./reception.ts";
export { tcpServer, type TcpServer, type TcpServerSpec } from "./server.ts";
export type { ClientTls, ServerTls, TlsSession } from "./tls.ts";
