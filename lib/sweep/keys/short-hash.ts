import { createHash } from 'node:crypto';

/** 64 bits: no two of the few hundred ids of two pages collide by chance. */
export function shortHash(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16);
}
