import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parameters } from '../../deploy/settings.ts';
import { templatePath } from './packaged.ts';

test('the template notes every parameter that it was made with, for the next deployment to compare', () => {
  const { Settings } = JSON.parse(readFileSync(templatePath, 'utf8')).Metadata;
  const noted = Object.entries(Settings).map(([name, value]) => [name, String(value)]);

  expect(Object.fromEntries(noted)).toEqual(
    Object.fromEntries(parameters.map((setting) => [setting.parameter, setting.default])),
  );
});
