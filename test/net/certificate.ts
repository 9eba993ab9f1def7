import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

/** A key and its certificate, as PEM, for tests: nothing is read from a file, and none grows old. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

interface Wish {
  /** Host names and IPv4 addresses that it stands for. Default localhost and 127.0.0.1. */
  readonly names?: readonly string[];
  /** Who signs it. Default: itself. */
  readonly by?: Identity;
  /** It may sign others. */
  readonly isAuthority?: boolean;
  /** Its last day is past. */
  readonly expired?: boolean;
}

const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const SUBJECT_ALT_NAME = oid(0x55, 0x1d, 0x11);
const BASIC_CONSTRAINTS = oid(0x55, 0x1d, 0x13);
const COMMON_NAME = oid(0x55, 0x04, 0x03);
let serial = 0;

/** Makes a certificate (RFC 5280), with no more in it than TLS asks for. */
export function certificate(commonName: string, wish: Wish = {}): Identity {
  const { names = ["localhost", "127.0.0.1"], by, isAuthority = false, expired = false } = wish;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const year = new Date().getUTCFullYear();
  const body = sequence(
    tagged(0xa0, tagged(0x02, [2])),
    tagged(0x02, [1, ++serial >> 8, serial & 0xff]),
    ECDSA_SHA256,
    nameOf(by === undefined ? commonName : issuerOf(by)),
    sequence(time(year - 2), time(expired ? year - 1 : year + 2)),
    nameOf(commonName),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(altNames(names), ...(isAuthority ? [authority()] : []))),
  );
  const signer: KeyObject | string = by?.key ?? privateKey;
  const signature = sign("sha256", body, signer);
  const der = sequence(body, ECDSA_SHA256, tagged(0x03, [0], signature));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  commonNames.set(cert, commonName);
  return { key, cert };
}

const commonNames = new Map<string, string>();

function issuerOf({ cert }: Identity): string {
  return commonNames.get(cert) ?? "";
}

function altNames(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIP(name) === 0 ? tagged(0x82, Buffer.from(name)) : tagged(0x87, name.split(".").map(Number)),
  );
  return sequence(SUBJECT_ALT_NAME, tagged(0x04, sequence(...entries)));
}

function authority(): Buffer {
  const yes = tagged(0x01, [0xff]);
  return sequence(BASIC_CONSTRAINTS, yes, tagged(0x04, sequence(yes)));
}

function nameOf(commonName: string): Buffer {
  const text = tagged(0x0c, Buffer.from(commonName));
  return sequence(tagged(0x31, sequence(COMMON_NAME, text)));
}

function time(year: number): Buffer {
  return tagged(0x18, Buffer.from(`${year}0101000000Z`));
}

function oid(...bytes: number[]): Buffer {
  return tagged(0x06, bytes);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...parts);
}

/** Tag, length, value: DER. */
function tagged(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  const value = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const { length } = value;
  if (length < 0x80) return Buffer.concat([Uint8Array.of(tag, length), value]);
  return Buffer.concat([Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), value]);
}
