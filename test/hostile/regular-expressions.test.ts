import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isAftermath } from '../../lib/audit/aftermath-record.ts';
import { isHistory } from '../../lib/audit/record-path.ts';
import { redact } from '../../lib/domain/redact.ts';
import { containsToken } from '../../lib/domain/token-forms.ts';
import { findRegularExpressions, nearMatches } from '../support/regular-expressions.ts';

const MEBIBYTE = 1024 * 1024;
/** Milliseconds of the processor for a mebibyte. */
const LIMIT_MS = 50;
/** A quadratic one takes seconds even of this, a linear one less than a millisecond. */
const SCREEN = MEBIBYTE / 32;

const folder = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const found = findRegularExpressions([folder('lib'), folder('handlers')]);

const base32 = 'abcdefghijklmnopqrstuvwxyz234567'.repeat(2).slice(0, 52);

/** Texts that each expression matches, one for each of its branches that repeats. */
const ROWS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/, ['2026-07-30T08:26:40.000+02:00']],
  [/^[a-z]+_/, ['app_']],
  [/\\"aftermath\\"|"aftermath":/, ['\\"aftermath\\"', '"aftermath":']],
  [/[\p{C}\p{Z}]+/gu, [' \u0007\u200b ']],
  [/^[A-Za-z0-9._~@|:-]{1,160}$/, ['auth0|ada@acme']],
  [/^[a-z][a-z0-9_.-]{0,63}$/, ['create_session.v2']],
  [/^(?:[a-z_]{1,40}_)?id$/, ['session_id', 'id']],
  [/^[a-z_]{1,32}$/, ['running_']],
  [/\.json$/, ['a.json']],
  [/"kind"\s*:\s*"aftermath"/, ['"kind"  :  "aftermath"']],
  [/(?:^|\/)[12]\d-intent[^/]*$/, ['a/10-intent-abc']],
  [/[-:.]/g, ['2026-07-30T08:26:40.000Z']],
  [/^[A-Za-z0-9-]{1,64}$/, ['x-api-key']],
  [/^(?:leases|rechecks)\//, ['leases/', 'rechecks/']],
  [
    /^index\/stored\/date=[^/]*\/|^index\/open\/date=[^/]*\/\d{4}\//,
    ['index/stored/date=2026-07-30/', 'index/open/date=2026-07-30/0826/'],
  ],
  [/[!'()*]/g, ["a!'()*"]],
  [/(?<!\/)\/+$/, ['https://a//']],
  [/^[\w-]{1,80}$/, ['holder-1']],
  [/\p{Cc}/gu, ['a\n']],
  [/[^\x20-\x7e]/g, ['aé']],
  [/^[A-Za-z0-9_-]{1,160}$/, ['devin-1_a']],
  [/,\s*(?=<)/, [',  <a>']],
  [
    /;\s*rel\s*=\s*(?:next\s*(?:;|$)|(["'])(?:[^"']*\s)?next(?:\s[^"']*)?\1)/i,
    ['; rel = next ; a', ';  rel  =  "first  next  last"', "; rel = 'a next b'"],
  ],
  [/<([^<>]*)>/, ['<https://a>']],
  [/\/$/, ['a/']],
  [
    /^\/repositories\/(\d{1,20})\/secret-scanning\/alerts\/(\d+)$/,
    ['/repositories/12/secret-scanning/alerts/34'],
  ],
  [
    /\/repos\/([^/]+)\/([^/]+)\/secret-scanning\/alerts\/\d+$/,
    ['a/repos/acme/web/secret-scanning/alerts/34'],
  ],
  [/secondary rate limit/i, ['a Secondary rate limit']],
  [/^[\x21-\x7e]+$/, ['ghs_a']],
  [/^[a-z_]{1,60}$/, ['not_authed']],
  [/^\d{1,9}(?:\.\d{1,20})?(?:e-?\d{1,3})?$/i, ['10.25e-12']],
  [/cog_(?=([a-z2-7]{52,})(_?))/g, [`cog_${base32}_`, `${base32}cog_${base32}`]],
  [
    /apk_(?:user_([A-Za-z0-9+/]{120,180})|([A-Za-z0-9+/]{80,100}))={0,2}/g,
    [`apk_user_${base32.repeat(3)}==`, `apk_${base32}${base32.slice(0, 40)}==`],
  ],
  [/^(?:(user-[0-9a-f]{1,64})_)?(org-[0-9a-f]{1,64}):/, ['user-0a_org-0b:']],
  [/^service-user-[A-Za-z0-9_-]{1,128}$/, ['service-user-0a']],
  [/^(?!\.+$)[A-Za-z0-9._~-]{1,256}$/, ['..key-0a..']],
  [/(?<!=)=+$/, ['a==']],
  [/(?<=(eyJ[\w-]{8,512}))\.[\w-]{8,}\.[\w-]{8,}/g, ['eyJhbGciOiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl']],
  [/^[a-z]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.-]+)+$/, ['github/acme/..web../1/created']],
  [/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, ['acme-1']],
  [/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, ['..web']],
  [/^[\w@.:/+=,-]{1,256}$/, ['arn:aws:sts::1:assumed-role/a/b@c']],
  [/^cog_[\x21-\x7e]{1,1024}$/, [`cog_${base32}`]],
  [/\s+/, ['a  b']],
  [/^\s*[[{"]/, ['  {']],
  [/^[^/]+\/[^/]+$/, ['acme/web']],
  [/^Invalid input(: )?/, ['Invalid input: ']],
  [/^[aeio]/, ['a']],
  [/^(?!.*cog_)[A-Za-z_]{1,32}$/i, ['dry_run_co', 'cog']],
  [/\r?\n$/, ['a\r\n']],
  [/^\d{1,9}$/, ['123']],
  [/^127(?:\.\d{1,3}){3}$/, ['127.0.0.1']],
  [/^\[|\]$/g, ['[::1]']],
  [/^\d+$/, ['120']],
  [/^[A-Z][a-z]/, ['Mon']],
  [/^\d{4}-\d{2}-\d{2}$/, ['2026-07-30']],
  [/^[0-9a-f]{64}$/, ['0a'.repeat(32)]],
  [/^(\d{4}-\d{2}-\d{2}):([0-9a-f]{64})$/, [`2026-07-30:${'0a'.repeat(32)}`]],
  [/\b\d{4}-\d{2}-\d{2}:[0-9a-f]{64}\b/g, [`a 2026-07-30:${'0a'.repeat(32)}`]],
  [/^records\/date=([^/]+)\//, ['records/date=2026-07-30/']],
  [/^sweeps\/alerts\/(\d{14})\.json$/, ['sweeps/alerts/20260730082640.json']],
  [/\/[a-z_]+\/[^/]+$/, ['a/created/2026']],
  [/^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/, ['acme-1']],
  [/^(?:0|1|[01]?\.\d{1,6})$/, ['0.25']],
  [/^[1-9]\d{0,4}$/, ['365']],
  [/^[^\s@<>,;]+@[^\s@<>,;]+$/, ['ada@acme.test']],
  [/^[A-Za-z0-9_.-]{1,200}$/, ['service-user-0a']],
  [/^control\/sweeps\/(\d{14})-(0-stop|1-resume)\.json$/, ['control/sweeps/20260730082640-0-stop.json']],
  [
    /^(?:[^\s@<>,;]+@[^\s@<>,;]+|#[^\s#]{1,80}|[CG][A-Z0-9]{8,20})$/,
    ['ada@acme.test', '#security', 'C0123456789'],
  ],
  [/^owners\/[A-Za-z0-9_.-]{1,200}\.json$/, ['owners/service-user-0a.json']],
  [/cog_\S*/g, ['a cog_abc']],
  [/[\p{Cc}"]/gu, ['a"\n']],
  [
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i,
    ['2026-07-30T08:26:40.123456789+02:00'],
  ],
  [/[^\w@.:/+=,-]+/g, ['a  b']],
  [/^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/, ['..msg_1']],
  [/^[A-Za-z0-9+/]+={0,2}$/, ['AQID==']],
  [/^\d{1,12}$/, ['1785399999']],
  [/^(?:DataKey|Queue|Secret)Error$/, ['DataKeyError']],
  [/\{"(?:[^{}]|\{[^{}]*\})*\}/g, ['a {"a":{"b":1},"c":2}']],
  [/[\p{C}]/gu, ['a\u0007']],
  [/:(?=\/\/)|(?<=\p{L})\.(?=\p{L})/gu, ['https://acme.test']],
  [/[*~`[\]|]/g, ['a*~`[|']],
  [/(?<!\w)_|_(?!\w)/g, ['_a_']],
  [/&\w{0,3}$/, ['a&amp']],
  [/^github(?:\/[^/]+){2}\/\d+(?=\/)/, ['github/acme/web/12/created']],
  [/^api\./, ['api.github.com']],
  [/^\d{8}T\d{6}Z-[0-9a-f]{8}$/, ['20260730T082640Z-0123abcd']],
  [/[-:]|\.\d+/g, ['2026-07-30T08:26:40.000Z']],
];
const SAMPLES = new Map(ROWS.map(([expression, samples]) => [String(expression), samples]));

/** What runs the expressions that are put together at run time. */
const COMPUTED: readonly (readonly [(text: string) => unknown, readonly string[]])[] = [
  [isAftermath, ['a/75-aftermath-12.json']],
  [isHistory, ['a/30-delete-key-0a', 'a/50-attempt-1']],
  [containsToken, tokens()],
  [redact, tokens()],
];

function tokens(): string[] {
  const all = ['Y29nXz', 'NvZ18', 'jb2df', 'whsec_', 'ghp_', 'github_pat_', 'apk_user_', 'cog_'];
  return [
    ...all.map((prefix) => `${prefix}${base32}==`),
    `636f675f${'0a'.repeat(16)}zz`,
    `${base32.slice(0, 51)} `,
    'eyJhbGciOiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl',
    // each of them could begin the header of the last one
    `${'eyJ'.repeat(8)}.${'eyJ'.repeat(4)}`,
  ];
}

/** Milliseconds of the processor, of the fastest of up to three runs: others use it too. */
function cost(run: (text: string) => unknown, text: string, limitMs: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && fastest > limitMs; attempt++) {
    const from = process.cpuUsage();
    run(text);
    const { system, user } = process.cpuUsage(from);
    fastest = Math.min(fastest, (system + user) / 1_000);
  }
  return fastest;
}

/** Milliseconds of the worst near-match of a mebibyte, or of 32 KiB where that is too long already. */
function slowest(run: (text: string) => unknown, samples: readonly string[]): number {
  const screened: { sample: string; index: number; ms: number }[] = [];
  for (const sample of samples) {
    for (const [index, text] of [...nearMatches(sample, SCREEN)].entries()) {
      const ms = cost(run, text, LIMIT_MS / 32);
      if (ms > LIMIT_MS) return ms;
      screened.push({ sample, index, ms });
    }
  }
  const worst = screened.toSorted((one, other) => other.ms - one.ms).slice(0, 3);
  const long = worst.map(({ index, sample }) => [...nearMatches(sample, MEBIBYTE)][index] ?? '');
  return Math.max(...long.map((text) => cost(run, text, LIMIT_MS)));
}

test('every regular expression of the product is in the table, and the table has no other', () => {
  expect([...SAMPLES.keys()].toSorted()).toEqual([...found.literals.keys()].toSorted());
  expect(found.computed).toHaveLength(4);
});

describe('a mebibyte of near-matches takes at most 50 ms', () => {
  test('finds a quadratic one', () => {
    expect(slowest((text) => text.replace(/\/+$/, ''), ['a//'])).toBeGreaterThan(LIMIT_MS);
  });

  test.each([...found.literals])('of %s', (source, expression) => {
    const samples = SAMPLES.get(source) ?? [];
    expect(samples.filter((sample) => sample.search(expression) < 0)).toEqual([]);
    expect(samples).not.toEqual([]);
    const everywhere = new RegExp(expression, [...new Set(`${expression.flags}g`)].join(''));
    expect(slowest((text) => text.replace(everywhere, ''), samples)).toBeLessThan(LIMIT_MS);
  });

  test.each(COMPUTED.map(([run, samples]) => [run.name, run, samples] as const))(
    'in %s',
    (_name, run, samples) => {
      expect(slowest(run, samples)).toBeLessThan(LIMIT_MS);
    },
  );
});
