import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CollectionTag, parse, type ScalarTag, YAMLMap } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');

/** A YAML file with the short forms of CloudFormation: `!Ref X` is read as `{Ref: 'X'}`. */
// biome-ignore lint/suspicious/noExplicitAny: a file has the shape that the test expects, or the test fails
export function readYaml(path: string): any {
  return parse(readFileSync(join(ROOT, path), 'utf8'), {
    customTags: ['Ref', 'GetAtt', 'Sub', 'If', 'Not', 'And', 'Condition', 'Equals', 'Join'].flatMap(
      shortForms,
    ),
    merge: true,
  });
}

function shortForms(name: string): (ScalarTag | CollectionTag)[] {
  return [
    { tag: `!${name}`, resolve: (value) => ({ [name]: value }) },
    {
      tag: `!${name}`,
      collection: 'seq',
      resolve(value) {
        const map = new YAMLMap();
        map.set(name, value);
        return map;
      },
    },
  ];
}
