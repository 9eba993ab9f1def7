import type { Socket } from "node:net";
import {
  connect as connectTls,
  type ConnectionOptions,
  type PeerCertificate,
  type SecureContextOptions,
  type TlsOptions,
  type TLSSocket,
} from "node:tls";
import { once } from "node:events";
import { isIP } from "node:net";
import { BadInputError } from "../index.ts";

/**
 * How a server proves who it is: `key` and `cert`, and whatever else Node's `tls` takes for it.
 *
 * With `requestCert` the peer has to prove it too, against `ca`; one that cannot is turned away,
 * unless `rejectUnauthorized` is false.
 */
export interface ServerTls
  extends
    SecureContextOptions,
    Pick<TlsOptions, "requestCert" | "rejectUnauthorized" | "ALPNProtocols" | "SNICallback"> {
  /** A peer with which nothing has been agreed upon after so long is turned away. Default 10,000 ms. */
  readonly handshakeMs?: number;
}

/**
 * How a client checks who answers, and proves who it is.
 *
 * The certificate must be signed by `ca` (default: those that Node trusts) for `servername`
 * (default: the host that was asked for), unless `rejectUnauthorized` is false.
 */
export interface ClientTls
  extends
    SecureContextOptions,
    Pick<
      ConnectionOptions,
      "servername" | "rejectUnauthorized" | "ALPNProtocols" | "checkServerIdentity" | "session"
    > {}

/** What two ends have agreed upon. */
export interface TlsSession {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** The protocol that was chosen of those that both ends offered. */
  readonly alpnProtocol: string | undefined;
  /** The host name that the client asked for. */
  readonly servername: string | undefined;
  /** The peer has shown a certificate, and it was found good. */
  readonly authorized: boolean;
  /** The peer's certificate; undefined where it showed none. */
  peerCertificate(): PeerCertificate | undefined;
}

/** Refuses what Node takes: a server that cannot prove who it is, with which no handshake succeeds. */
export function checkCertificate(what: string, tls: unknown): void {
  const { key, cert, pfx, SNICallback, pskCallback } = Object(tls) as TlsOptions;
  if ((key && cert) || pfx || SNICallback || pskCallback) return;
  throw new BadInputError(
    `${what}: tls has no certificate; give key and cert, pfx, or SNICallback`,
  );
}

/** Looks at a socket on which the handshake is done. */
export function sessionOf(socket: TLSSocket): TlsSession {
  const { servername } = socket as { readonly servername?: string | false };
  return {
    protocol: socket.getProtocol() ?? "",
    alpnProtocol: socket.alpnProtocol || undefined,
    servername: servername || undefined,
    authorized: socket.authorized,
    peerCertificate() {
      const certificate = socket.getPeerCertificate() as Partial<PeerCertificate> | null;
      return certificate?.raw === undefined ? undefined : (certificate as PeerCertificate);
    },
  };
}

/** Agrees upon encryption with the server at the other end of `wire`, which is connected. */
export async function secure(
  wire: Socket,
  host: string,
  tls: ClientTls,
  signal: AbortSignal,
): Promise<TLSSocket> {
  // An address is no name that a server could be asked for; the certificate is still held against it.
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ ...servername, ...tls, host, socket: wire });
  // It may tell of an error when nobody waits any more.
  socket.on("error", () => {});
  try {
    await once(socket, "secureConnect", { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}
