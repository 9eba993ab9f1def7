/**
 * Sockets as actors: a supervised server with an actor for each connection, a client that connects
 * again by itself, and connections as streams; over TCP, TLS and Unix sockets; and UDP.
 */
export { connect, type ConnectOptions } from "./connect.ts";
export type { Connection, Endpoint } from "./connection.ts";
export type { DialOptions, DialPath, DialPort } from "./dial.ts";
export { NotConnectedError } from "./errors.ts";
export type { ConnectionLimits, ServerLimits } from "./limits.ts";
export type { ListenOnPath, ListenOnPort, ListenOptions } from "./listen.ts";
export type { ServerStats } from "./reception.ts";
export { tcpServer, type TcpServer, type TcpServerSpec } from "./server.ts";
export {
  tcpClient,
  type ClientHealth,
  type ClientStatus,
  type TcpClient,
  type TcpClientSpec,
} from "./tcp-client.ts";
export type { ClientTls, ServerTls, TlsSession } from "./tls.ts";
export {
  udp,
  type Datagram,
  type UdpLimits,
  type UdpMulticast,
  type UdpOptions,
  type UdpSocket,
  type UdpStats,
} from "./udp.ts";
