import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

// The few bits of DER (ITU-T X.690) that a certificate needs, so that nobody has to have openssl.
const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const oid = (...bytes: number[]) => der(0x06, Buffer.from(bytes));
const utf8 = (text: string) => der(0x0c, Buffer.from(text));
const octets = (...parts: Uint8Array[]) => der(0x04, ...parts);
const bits = (bytes: Uint8Array, unused = 0) => der(0x03, Buffer.from([unused]), bytes);
const utcTime = (ms: number) =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
const TRUE = der(0x01, Buffer.from([0xff]));
const DAY_MS = 86_400_000;

const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

/**
 * A self-signed certificate for 127.0.0.1, good for two days, that is its own authority.
 * https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function selfSigned(now = Date.now()): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  // OpenSSL finds an authority by its name: each run has one of its own.
  const commonName = utf8(`devin-key-revoker bench ${randomBytes(4).toString('hex')}`);
  const name = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), commonName)));
  const extension = (id: number, critical: boolean, value: Buffer) =>
    sequence(oid(0x55, 0x1d, id), ...(critical ? [TRUE] : []), octets(value));
  const extensions = sequence(
    extension(0x13, true, sequence(TRUE)),
    extension(0x0f, true, bits(Buffer.from([0x84]), 2)),
    extension(0x0e, false, octets(createHash('sha1').update(spki).digest())),
    extension(0x11, false, sequence(der(0x87, Buffer.from([127, 0, 0, 1])))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_SHA256,
    name,
    sequence(utcTime(now - DAY_MS), utcTime(now + DAY_MS)),
    name,
    spki,
    der(0xa3, extensions),
  );
  const certificate = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, privateKey)));
  const base64 = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}
