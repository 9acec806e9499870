import * as z from 'zod/mini';
import { standardKey } from '../intake/standard-signature.ts';
import { ConfigError } from '../platform/config.ts';
import { parseJson } from '../platform/parse-json.ts';

const Named = z.object({ standard: z.string() });

/** The key that signs for `POST /leaks`, from the webhook's secret. @throws {ConfigError} which quotes nothing */
export function leaksKey(secret: string): Uint8Array {
  const key = standardKey(parseJson(secret, Named)?.standard.trim() ?? '');
  if (key === undefined) {
    throw new ConfigError(
      'the webhook secret has no "standard" of the form "whsec_" and base64, which a drill signs with',
    );
  }
  return key;
}
