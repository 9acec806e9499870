import { expect, test } from 'vitest';
import { runCli } from '../../support/run-cli.ts';

// It builds the function first.
test('revoke --sandbox revokes a made-up key with the built function, and shows each step', async () => {
  const run = await runCli(['revoke', '--sandbox', '--yes']);
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('DEAD: API key') });
  const steps = run.stderr
    .split('\n')
    .flatMap((line) => /^ *[\d.]+ m?s {2}(\w[\w ]*?) {2}/.exec(line)?.[1] ?? []);
  expect(steps).toEqual(['identified', 'revoked', 'proven dead', 'report ended']);
}, 120_000);
