import { expect, test } from 'vitest';
import { isDrill } from '../../lib/domain/drill.ts';

test.each<[string | undefined, string | undefined, boolean]>([
  ['devin-key-revoker/drill', 'drill-20261123T090000Z-0a1b2c3d', true],
  ['devin-key-revoker/drill', 'production', false],
  ['devin-key-revoker/drill', undefined, false],
  ['gitleaks', 'drill-20261123T090000Z-0a1b2c3d', false],
  [undefined, 'drill-20261123T090000Z-0a1b2c3d', false],
])('a report of %s about the key %s is a drill: %s', (caller, name, drill) => {
  expect(isDrill(caller, name)).toBe(drill);
});
