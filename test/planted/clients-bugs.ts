import { bugsOf, type PlantedBug } from './planted-bug.ts';

/** What is asked of other services, and what is made of their answers. */
export const CLIENT_BUGS: readonly PlantedBug[] = [
  ...bugsOf('lib/clients/devin.ts', 'test/clients/devin.test.ts', [
    {
      name: 'keys-of-the-first-page-only',
      find: "if (next.status === 'complete') return",
      replace:
        "if (next.status !== 'incomplete') return { ok: true, keys: page.items };\nif (next.status === 'complete') return",
      caughtBy: 'are those of all pages',
    },
    {
      name: 'cursor-is-not-encoded',
      find: 'encodeURIComponent(next.cursor)',
      replace: 'next.cursor',
      caughtBy: 'are those of all pages',
    },
    {
      name: 'incomplete-listing-is-taken-as-it-is',
      find: "if (next.status === 'incomplete') return incomplete(next.reason);",
      replace: "if (next.status === 'incomplete') return { ok: true, keys: page.items };",
      caughtBy: 'are read again when the listing is incomplete',
    },
    {
      name: 'rotated-admin-token-is-not-read-again-for-the-control',
      find: "if (first.state !== 'dead') return first;",
      replace: 'return first;',
      caughtBy: 'reads a token that was rotated again, and shows that one alive',
    },
    {
      name: '403-counts-as-dead',
      find: "if (response.status === 401) return { state: 'dead' };",
      replace: "if (response.status === 401 || response.status === 403) return { state: 'dead' };",
      caughtBy: 'that is answered %s',
    },
    {
      name: '204-counts-as-revoked',
      find: "  200: 'revoked',\n",
      replace: "  200: 'revoked',\n  204: 'revoked',\n",
      caughtBy: 'that is answered %i',
    },
    {
      name: '200-of-something-else-counts-as-revoked',
      find: 'response.status === 200 && parseJson(response.body, Revoked)?.api_key_id !== key.api_key_id',
      replace: 'false',
      caughtBy: 'that is answered 200 with %s claims nothing',
    },
    {
      name: 'id-that-leaves-its-path-is-sent',
      find: "if (!z.safeParse(ApiKeyId, key.api_key_id).success) return unexpectedId('api_key_id');",
      replace: '',
      caughtBy: 'of an id that means something in a path is not sent: %o',
    },
  ]),
  ...bugsOf('lib/clients/devin-service-users.ts', 'test/clients/devin.test.ts', [
    {
      name: 'page-of-service-users-that-is-cut-off-is-the-last',
      find: 'if (page === undefined || (page.has_next_page && !page.end_cursor)) {',
      replace: 'if (page === undefined) {',
      caughtBy: 'a page of service users > is cut off',
    },
  ]),
  ...bugsOf('lib/clients/devin-call.ts', 'test/clients/devin.test.ts', [
    {
      name: 'rotated-admin-token-is-not-read-again-for-a-call',
      find: 'if (first.response.status !== 401) return first;',
      replace: 'return first;',
      caughtBy: 'that is answered 401 is made again with the token that was rotated in',
    },
  ]),
  ...bugsOf('lib/clients/devin-call.ts', 'test/clients/devin-activity.test.ts', [
    {
      name: 'lost-answer-is-forgotten-after-a-rotation',
      find: 'uncertain: first.uncertain || second.uncertain',
      replace: 'uncertain: second.uncertain',
      caughtBy: 'may have been ended by an attempt before the token was replaced, whose answer was lost',
    },
  ]),
  ...bugsOf('lib/clients/devin-shapes.ts', 'test/clients/devin.test.ts', [
    {
      name: 'key-name-with-a-token-goes-on-record',
      find: 'z.transform((text) => redactStart(text, 256)),',
      replace: 'z.transform((text) => text.slice(0, 256)),',
      caughtBy: 'have names that hold no token',
    },
  ]),
  ...bugsOf('lib/clients/collect-pages.ts', 'test/clients/collect-pages.test.ts', [
    {
      name: 'listing-below-its-total-is-complete',
      find: "return typeof total === 'number' && items.size < total\n",
      replace: 'return false\n',
      caughtBy: 'when it is shorter than its total',
    },
    {
      name: 'listing-in-a-circle-goes-on',
      find: "if (cursors.has(end_cursor)) return incomplete('its pages go in a circle');",
      replace: '',
      caughtBy: 'when pages lead back',
    },
    {
      name: 'entry-that-comes-twice-is-no-doubt',
      find: "if (items.size < before + added.length) return incomplete('it shows an entry twice');",
      replace: '',
      caughtBy: 'when an entry comes on two pages',
    },
  ]),
  ...bugsOf('lib/clients/github-redirect.ts', 'test/clients/github.test.ts', [
    {
      name: 'redirect-to-another-host-is-followed',
      find: 'to.origin !== base.origin || ',
      replace: '',
      caughtBy: 'another host',
    },
    {
      name: 'redirect-to-another-alert-is-followed',
      find: 'return path?.[2] === String(number) ? path[1] : undefined;',
      replace: 'return path?.[1];',
      caughtBy: 'another alert',
    },
  ]),
  ...bugsOf('lib/platform/retry.ts', 'test/platform/retry.test.ts', [
    {
      name: '422-is-retried',
      find: 'return status === 429 || status >= 500;',
      replace: 'return status === 429 || status === 422 || status >= 500;',
      caughtBy: 'ends with an answer %d at once',
    },
    {
      name: 'lost-answer-is-forgotten',
      find: 'uncertain ||= !answered || result.status >= 500;',
      replace: '',
      caughtBy: 'ends well after 500, which may have had one',
    },
    {
      name: 'retry-goes-on-after-its-deadline',
      find: ' || Date.now() + pause >= deadline',
      replace: '',
      caughtBy: 'ends within its deadline while the server fails at once',
    },
    {
      name: 'retry-after-is-ignored',
      find: '(retryAfterMs(result) ?? jitter(attempt))',
      replace: 'jitter(attempt)',
      caughtBy: 'waits for as long as Retry-After says in %s',
    },
  ]),
  ...bugsOf('lib/platform/http.ts', 'test/platform/http.test.ts', [
    {
      name: 'answer-of-any-size-is-read',
      find: "if (size > MAX_BODY_BYTES) giveUp('too_large');\n          else ",
      replace: '',
      caughtBy: 'takes a body of 8 MiB, and fails for a longer one',
    },
    {
      name: 'answer-that-breaks-off-is-whole',
      find: "incoming.on('error', fail);",
      replace:
        "incoming.on('error', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString() }));",
      caughtBy: 'is a broken connection when it closes',
    },
  ]),
  ...bugsOf('lib/aws/s3-sdk.ts', 'test/aws/list-objects.test.ts', [
    {
      name: 'objects-of-the-first-page-only',
      find: 'yield objectsOf(page);\n',
      replace: 'yield objectsOf(page);\nreturn;\n',
      caughtBy: 'goes on over all pages',
    },
    {
      name: 'listing-without-its-end-is-whole',
      find: 'yield objectsOf(page);\n        if (page.IsTruncated && !page.NextContinuationToken) throw new IncompleteListingError();',
      replace: 'yield objectsOf(page);',
      caughtBy: 'a page that says that there are more, and not where',
    },
    {
      name: 'answer-that-is-no-listing-is-an-empty-bucket',
      find: 'if (KeyCount !== Contents.length) throw new IncompleteListingError();',
      replace: '',
      caughtBy: 'fewer objects than it counts',
    },
  ]),
];
