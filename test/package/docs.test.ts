import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blocks, inlineCode, pages } from '../support/pages.ts';
import { readResources, templatePath } from './packaged.ts';

const resources = readResources();
const outputs = Object.keys(JSON.parse(readFileSync(templatePath, 'utf8')).Outputs);
const functions = Object.values(resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
const commands = pages.flatMap((page) => blocks(page, 'sh')).join('\n');

describe('the documentation of the deployed stack', () => {
  test('reads outputs that the stack has', () => {
    const read = [...commands.matchAll(/\boutput ([A-Z]\w+)/g)].map(([, name = '']) => name);
    const mentioned = pages.flatMap(inlineCode).filter((code) => /^[A-Z]\w+(?:Arn|Url|Name)$/.test(code));

    expect(read.length).toBeGreaterThan(5);
    expect([...read, ...mentioned].filter((name) => !outputs.includes(name))).toEqual([]);
  });

  test('invokes functions that the stack has', () => {
    const names = functions.map(({ Properties }) => Properties.FunctionName.replace(/-dev-/, '-prod-'));
    const invoked = [...commands.matchAll(/--function-name (\S+)/g)].map(([, name]) => name);

    expect(invoked.length).toBeGreaterThan(2);
    expect(invoked.filter((name) => !names.includes(name))).toEqual([]);
  });
});
