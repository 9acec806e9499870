import { createPublicKey, generateKeyPairSync, randomBytes, randomInt, verify } from 'node:crypto';

/** A GitHub App with one installation. The private key is made when it is first read. */
export function createApp() {
  let pem: string | undefined;
  return {
    app_id: randomInt(100_000, 999_999),
    installation_id: randomInt(10_000_000, 99_999_999),
    /** PKCS#1 PEM, as GitHub hands it out */
    get private_key(): string {
      pem ??= makeKey();
      return pem;
    },
    /** Why the App's token is not accepted, in GitHub's words; undefined when it is. */
    refusal(token: string | undefined): string | undefined {
      return refusal(token, this.app_id, this.private_key);
    },
  };
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return privateKey;
}

/** docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App" */
function refusal(token: string | undefined, appId: number, privateKey: string): string | undefined {
  const undecodable = 'A JSON web token could not be decoded';
  const [head, claims, signature] = token?.split('.') ?? [];
  if (!head || !claims || !signature) return undecodable;
  const header = decode(head);
  const { iss, iat, exp } = decode(claims);
  if (header.alg !== 'RS256') return undecodable;
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${claims}`),
    createPublicKey(privateKey),
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return undecodable;
  const now = Date.now() / 1000;
  if (String(iss) !== String(appId)) return 'Integration not found';
  if (typeof iat !== 'number' || iat > now + 1) {
    return "'Issued at' claim ('iat') must be an Integer representing a time in the past";
  }
  if (typeof exp !== 'number' || exp <= now) {
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
  }
  if (exp > now + 600) return "'Expiration time' claim ('exp') is too far in the future";
  return undefined;
}

function decode(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** An installation token, alike in form to GitHub's. */
export const makeInstallationToken = (): string =>
  `ghs_${randomBytes(27).toString('base64url').replace(/[-_]/g, 'x')}`;

/** A classic personal access token, alike in form to GitHub's. */
export const makePersonalToken = (): string =>
  `ghp_${randomBytes(27).toString('base64url').replace(/[-_]/g, 'x')}`;
