import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@cdktf/hcl2json';
import { beforeAll, describe, expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../deploy/terraform');

// biome-ignore lint/suspicious/noExplicitAny: the blocks of HCL have a shape for each of their kinds
type Blocks = Record<string, any>;

describe('the Terraform module', () => {
  const files: Record<string, Blocks> = {};

  beforeAll(async () => {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.tf'))) {
      files[name] = await parse(name, readFileSync(join(folder, name), 'utf8'));
    }
  });

  test('explains every variable, uses each, and declares all that it uses', () => {
    const declared: Blocks = files['variables.tf']?.variable;
    const used = new Set([...JSON.stringify(files).matchAll(/var\.(\w+)/g)].map(([, name]) => name));

    expect([...used].sort()).toEqual(Object.keys(declared).sort());
    for (const [block] of Object.values(declared)) expect(block.description).toMatch(/\.$/);
  });

  test('passes every parameter on, and where the code is', () => {
    const [stack] = files['main.tf']?.resource.aws_cloudformation_stack.this ?? [];

    expect(stack.parameters).toMatch(/merge\(var\.parameters, \{\s*stage/);
    for (const name of ['stage', 'codeBucket', 'codePrefix']) expect(stack.parameters).toContain(name);
    expect(JSON.stringify(files['outputs.tf'])).toContain('aws_cloudformation_stack.this.outputs');
  });

  test('uploads no file whose checksum is not the one of the release', () => {
    const [upload] = files['main.tf']?.resource.aws_s3_object.release ?? [];
    const conditions: string[] = upload.lifecycle[0].precondition.map(
      ({ condition }: { condition: string }) => condition,
    );

    expect(conditions).toEqual([
      expect.stringMatching(/filesha256\(local\.sums_file\) == var\.release_checksum/),
      expect.stringMatching(/filesha256\(.*each\.key.*\) == local\.checksums\[each\.key\]/),
    ]);
  });
});
