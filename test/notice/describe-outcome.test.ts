import { describe, expect, test } from 'vitest';
import { chatNotification } from '../../lib/aws/chat-notification.ts';
import { chatContent } from '../../lib/notice/chat-content.ts';
import { describeOutcome } from '../../lib/notice/describe-outcome.ts';
import type { Ended } from '../../lib/notice/ended.ts';
import { mailText } from '../../lib/notice/mail-text.ts';
import { report } from '../support/samples.ts';
import { ended, places, samples } from './samples.ts';

const chatOf = (given: Ended) => {
  const notice = describeOutcome(given, places);
  return JSON.parse(chatNotification(notice.subject, '', { ...notice, chat: chatContent(notice) }));
};
const mailOf = (given: Ended): string => mailText(describeOutcome(given, places));

describe.each(Object.entries(samples))('the notice of a leak that is %s', (_, given) => {
  test('reads well as a mail', () => {
    expect(mailOf(given).replaceAll('\u200b', '')).toMatchSnapshot();
  });

  test('is a custom notification of schema 1.0', () => {
    expect(chatOf(given)).toMatchSnapshot();
  });
});

const { outcome } = samples.revoked as Ended;

/** An outcome whose texts are all somebody's. */
function named(text: string): Ended {
  const of = { ...outcome, api_key_name: text, status: 'escalated', reason: text, next_step: text };
  return ended(of as never, { report: { ...report, reason: text } });
}

describe('what others wrote', () => {
  const hostile = [
    '<!channel> @here <@U123> <https://evil.example|our runbook>',
    '*bold* ~gone~ `code` [a link](https://evil.example) _i_',
    'https://evil.example/pay www.evil.example',
    'a\nTo: all\r\n\u202eevil\u0007',
  ];

  test.each(hostile)('mentions nobody, links nowhere and is not formatted: %j', (name) => {
    const of = {
      ...outcome,
      api_key_name: name,
      status: 'escalated',
      reason: name,
      next_step: name,
    } as never;
    const given = ended(of, { report: { ...report, reason: name } });
    const { content } = chatOf(given);
    const shown = [content.description, ...content.nextSteps].join('\n');
    const outsideCode = shown
      .replace(/`[^`\n]*`/g, '')
      .replaceAll(/https:\/\/(?:github\.com|eu-central-1\.console)\S*/g, '');

    expect(shown).not.toMatch(/[<>]/);
    expect(outsideCode).not.toMatch(/@\w|:\/\/|www\.evil|evil\.example|\]\(|~/);
    expect(outsideCode.replace(/^\*[^*\n]+:\*/gm, '')).not.toMatch(/[*`]/);
    expect(mailOf(given)).not.toMatch(/:\/\/evil|evil\.example|\r|\u202e/);
    expect(mailOf(given).split('\n')).toHaveLength(mailOf(named('ci')).split('\n').length);
  });

  test('holds no token, in any field', () => {
    const token = `cog_${'abcdefg234567'.repeat(4)}`;
    const of = {
      ...outcome,
      api_key_name: token,
      status: 'failed',
      retryable: false,
      reason: token,
      next_step: token,
    };
    const given = ended(of as never, { report: { ...report, reason: token } });

    expect(JSON.stringify(chatOf(given)) + mailOf(given)).not.toContain(token.slice(4, 12));
    expect(mailOf(given)).toContain('[redacted]');
  });
});

describe('the thread of a leak', () => {
  test.each([
    ['github/acme/webshop/42/created/20260730T082640000Z', 'github/acme/webshop/42'],
    ['github/acme/webshop/42/reopened/20260731T082640000Z', 'github/acme/webshop/42'],
    ['console/3f6d9f6c', 'console/3f6d9f6c'],
  ])('of %s is %s', (report_id, thread) => {
    const { leak: _leak, ...rest } = report;
    const leak = { kind: 'key', service_user_id: 'service-user-1', api_key_id: 'key-1' } as const;
    const given = ended({ ...outcome, report_id }, { report: { ...rest, report_id, leak } });

    expect(describeOutcome(given, places).thread).toBe(thread);
  });
});

test('an alert that a person reports has the thread of the alert', () => {
  const given = ended(outcome, { report: { ...report, report_id: 'console/3f6d9f6c' } });

  expect(describeOutcome(given, places).thread).toBe('github/acme/webshop/42');
});

describe('the link to the alert', () => {
  test.each([
    ['https://api.github.com', 'https://github.com/acme/webshop/security/secret-scanning/42'],
    ['https://api.acme.ghe.com', 'https://acme.ghe.com/acme/webshop/security/secret-scanning/42'],
    ['https://git.acme.example/api/v3', 'https://git.acme.example/acme/webshop/security/secret-scanning/42'],
  ])('for the API at %s', (githubApiUrl, url) => {
    expect(mailText(describeOutcome(ended(outcome), { ...places, githubApiUrl }))).toContain(url);
  });

  test('is left out when the name of the repository was taken out', () => {
    const leak = {
      kind: 'github_alert',
      owner: 'withheld',
      repo: 'withheld',
      number: 42,
      repository_id: 7,
    } as const;

    expect(mailOf(ended(outcome, { report: { ...report, leak } }))).not.toContain('https://github.com');
  });
});
