/** A report with one finding for each secret, as a scanner writes it. */
export type WriteReport = (secrets: readonly string[]) => string;

const COMMIT = '304dda33768a40d1a7ed07cbe7461997ad11af5c';
const lines = (values: readonly object[]) => `${values.map((value) => JSON.stringify(value)).join('\n')}\n`;

const gitleaks = (Secret: string, index: number) => ({
  RuleID: 'devin-api-key',
  Description: 'Devin API key',
  StartLine: index + 1,
  EndLine: index + 1,
  StartColumn: 16,
  EndColumn: 71,
  Match: `KEY=${Secret}`,
  Secret,
  File: 'app.env',
  SymlinkFile: '',
  Commit: COMMIT,
  Link: `https://github.com/acme/web/blob/${COMMIT}/app.env#L${index + 1}`,
  Entropy: 4.3868394,
  Author: 'a',
  Email: 'a@b.c',
  Date: '2026-11-24T14:36:43Z',
  Message: 'one',
  Tags: [],
  Fingerprint: `${COMMIT}:app.env:devin-api-key:2`,
});
const betterleaks = (value: string, index: number) => ({
  rule_id: 'devin-api-key',
  rule_hash: '0eabd902e49e2760',
  description: 'Devin API key',
  confidence: '',
  match: { full: `KEY=${value}`, value, fingerprint: '3c9c34d1cb7788f4' },
  attributes: {
    'git.author_email': 'a@b.c',
    'git.author_name': 'a',
    'git.date': '2026-11-24T14:36:43Z',
    'git.message': 'one',
    'git.sha': COMMIT,
    resource: 'git.patch_content',
  },
  location: { path: 'app.env', start_line: index + 1, end_line: index + 1, start_column: 15, end_column: 70 },
});
const trufflehog = (Raw: string, index: number) => ({
  SourceMetadata: {
    Data: {
      Git: {
        commit: COMMIT,
        file: 'app.env',
        email: 'a <a@b.c>',
        repository: 'https://github.com/acme/web',
        timestamp: '2026-11-24 14:36:43 +0000',
        line: index + 1,
      },
    },
  },
  SourceID: 1,
  SourceType: 16,
  SourceName: 'trufflehog - git',
  DetectorType: 15,
  DetectorName: 'CustomRegex',
  DecoderName: 'PLAIN',
  Verified: false,
  Raw,
  RawV2: '',
  Redacted: '',
  ExtraData: { name: 'devin-api-key' },
  StructuredData: null,
});
const kingfisher = (snippet: string, index: number) => ({
  rule: { title: 'DEVIN.1 => [DEVIN.1]', name: 'devin.1', id: 'devin-api-key', description: 'Devin API key' },
  finding: {
    snippet,
    fingerprint: '14548687816763200659',
    confidence: 'medium',
    entropy: '4.39',
    validation: { outcome: 'not_attempted', status: 'Not Attempted', response: '' },
    language: 'Unknown',
    line: index + 1,
    column_start: 14,
    column_end: 69,
    path: 'app.env',
    git_metadata: {
      repository_url: 'repo',
      commit: { id: COMMIT, url: `repo/commit/${COMMIT}`, date: '2026-11-24' },
      file: { path: 'app.env', url: `repo/blob/${COMMIT}/app.env#L2`, git_command: 'git show' },
    },
  },
});

/**
 * Shapes of what gitleaks 8.30, betterleaks 2.0 and kingfisher 2.14 wrote for a repository with a key in it; the suite
 * `npm run test:detectors` runs the scanners themselves. TruffleHog's is that of pkg/output/json.go in its source.
 */
export const reports: Readonly<Record<string, WriteReport>> = {
  'gitleaks, and betterleaks 1': (secrets) => JSON.stringify(secrets.map(gitleaks), null, 1),
  'betterleaks 2': (secrets) =>
    JSON.stringify({ schema_version: '1', findings: secrets.map(betterleaks), scan: { state: 'complete' } }),
  'betterleaks 2 in JSON lines': (secrets) =>
    lines([
      ...secrets.map((one, at) => ({ schema_version: '1', finding: betterleaks(one, at) })),
      { schema_version: '1', scan: { state: 'complete' } },
    ]),
  TruffleHog: (secrets) =>
    lines([
      { level: 'info-0', ts: '2026-11-24T14:36:43Z', logger: 'trufflehog', msg: 'running source' },
      ...secrets.map(trufflehog),
    ]),
  kingfisher: (secrets) =>
    JSON.stringify({
      findings: secrets.map(kingfisher),
      audit: {},
      metadata: { kingfisher_version: '2.14.0' },
    }),
  'kingfisher in JSON lines': (secrets) =>
    lines([
      ...secrets.map(kingfisher),
      { audit: { schema: 'kingfisher.repository-audit.v1' } },
      { findings: secrets.length, successful_validations: 0, rules_applied: 1 },
    ]),
};
