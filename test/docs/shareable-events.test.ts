import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const events = new URL('../../events/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, events), 'utf8'));

describe.each(readdirSync(new URL('shareable/', events)))('the shareable test events in %s', (file) => {
  const schema = read(`shareable/${file}`);
  const examples: [string, { value: unknown }][] = Object.entries(schema.components.examples);

  test('are those of events/', () => {
    const prefix = `${file.replace('.json', '')}-console-`;
    expect(examples.length).toBeGreaterThan(0);
    for (const [name, { value }] of examples)
      expect({ name, value }).toEqual({ name, value: read(`${prefix}${name}.json`) });
  });

  test('are an OpenAPI document, as the schema registry of Lambda takes it', () => {
    expect(schema).toMatchObject({
      openapi: '3.0.0',
      info: { title: expect.any(String), version: expect.any(String) },
      paths: {},
      components: { schemas: { Event: { type: 'object' } } },
    });
  });

  test('invite nobody to save a token', () => {
    expect(JSON.stringify(examples)).not.toMatch(/"token"/);
  });
});
