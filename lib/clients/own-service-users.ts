import { SecretError } from '../aws/secrets.ts';
import type { Token } from '../domain/token.ts';
import type { RetryOptions } from '../platform/retry.ts';
import type { Devin } from './devin.ts';
import type { Probe } from './devin-shapes.ts';

/**
 * The service users whose keys we ourselves use: that of the admin token, and those of our other tokens.
 *
 * @param others read the standby token and the activity token, as far as there are such
 * @returns `undefined` unless every one of them is known
 */
export async function ownServiceUsers(
  devin: Pick<Devin, 'probe' | 'probeAdmin'>,
  others: readonly ((() => Promise<Token | undefined>) | undefined)[],
  retry: RetryOptions,
): Promise<string[] | undefined> {
  const probeOther = async (read: (typeof others)[number]): Promise<Probe[]> => {
    const token = await read?.();
    return token === undefined ? [] : [await devin.probe(token, retry)];
  };
  try {
    const [admin, ...rest] = await Promise.all([devin.probeAdmin(retry), ...others.map(probeOther)]);
    const probes = [admin, ...rest.flat()];
    const owners = probes.map(serviceUser);
    const known = owners.filter((owner) => owner !== undefined);
    return known.length === probes.length ? known : undefined;
  } catch (error) {
    if (error instanceof SecretError) return undefined;
    throw error;
  }
}

function serviceUser(probe: Probe): string | undefined {
  if (probe.state !== 'alive' || probe.principal.principal_type !== 'service_user') return undefined;
  return probe.principal.service_user_id;
}
