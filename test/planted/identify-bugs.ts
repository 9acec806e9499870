import { bugsOf, type PlantedBug } from './planted-bug.ts';

const tests = (name: string): string => `test/identify/${name}.test.ts`;

/** Which key a token is of. */
export const IDENTIFY_BUGS: readonly PlantedBug[] = [
  ...bugsOf('lib/identify/registry/entry.ts', tests('registry/entry'), [
    {
      name: 'registry-names-a-key-of-another-service-user',
      find: 'if (entry.service_user_id !== listing.service_user_id) {',
      replace: 'if (false) {',
      caughtBy: 'an entry > of another service user',
    },
    {
      name: 'registry-names-a-key-by-elimination',
      find: "if (entry.confidence === 'medium') {",
      replace: 'if (false) {',
      caughtBy: 'that rests on an elimination',
    },
    {
      name: 'weaker-entry-replaces-a-stronger-one',
      find: 'return gain > 0 || (gain === 0 && isDeath);',
      replace: 'return true;',
      caughtBy: 'is kept against a weaker one',
    },
  ]),
  ...bugsOf('lib/identify/choose-key.ts', tests('choose-key'), [
    {
      name: 'only-active-key-is-named-beside-one-that-just-ended',
      find: ' && ended.length === 0',
      replace: '',
      caughtBy: 'is not known while another ended so lately that its token may still work',
    },
    {
      name: 'key-made-after-the-leak-is-named',
      find: ' && wasMadeBefore(only, keys, sighting)',
      replace: '',
      caughtBy: 'is not known when it was made after the alert',
    },
    {
      name: 'first-of-several-keys-is-named',
      find: 'return active.length === 1 && ',
      replace: 'return ',
      caughtBy: 'is ambiguous between two',
    },
  ]),
  ...bugsOf('lib/identify/ownership.ts', tests('ownership'), [
    {
      name: 'unknown-owners-are-others',
      find: "if (own === undefined) return 'unknown';",
      replace: "if (own === undefined) return 'other';",
      caughtBy: 'unknown while our service users are',
    },
  ]),
  ...bugsOf('lib/identify/target-by-ids.ts', tests('target-by-ids'), [
    {
      name: 'token-of-another-service-user-is-no-doubt',
      find: 'return owner.service_user_id === key.service_user_id\n',
      replace: 'return true\n',
      caughtBy: 'a token of another service user contradicts the ids, and a person decides',
    },
  ]),
  ...bugsOf('lib/identify/token-owner.ts', tests('token-owner'), [
    {
      name: 'token-of-a-person-is-that-of-a-service-user',
      find: "if (principal_type === 'service_user' && id.success)",
      replace: 'if (id.success)',
      caughtBy: 'a personal access token is not a service user’s, whatever id comes with it',
    },
  ]),
  ...bugsOf('lib/identify/experiment/evidence.ts', tests('experiment/evidence'), [
    {
      name: 'experiment-judges-what-shows-already',
      find: 'return !windows.isTaken(slot, shift) && trace.before(slot) < windows.start(slot, shift);',
      replace: 'return !windows.isTaken(slot, shift);',
      caughtBy: 'judges no slot whose window shows a value already',
    },
    {
      name: 'shares-of-the-error-add-up-to-more-than-one',
      find: '{ seconds: 1, share: 0.1 },',
      replace: '{ seconds: 1, share: 0.3 },',
      caughtBy: 'has shares of the permitted error that sum to one',
    },
    {
      name: 'process-goes-on-after-a-look-that-failed',
      find: 'if (!isWhole) this.#restartLagged();',
      replace: '',
      caughtBy: 'begins anew with a lag when a look failed, and when calls were refused',
    },
  ]),
  ...bugsOf('lib/identify/experiment/plan.ts', tests('experiment/plan'), [
    {
      name: 'experiment-looks-right-after-a-use',
      find: 'const LOOKS_FROM = 0.4;',
      replace: 'const LOOKS_FROM = 0.1;',
      caughtBy:
        'looks after the use is over and before the next, at places that fill the time between evenly',
    },
  ]),
  ...bugsOf('lib/identify/experiment/predict.ts', tests('experiment/predict'), [
    {
      name: 'experiment-bets-on-tails',
      find: 'return Math.max(0.5, (equal + 0.5) / (equal + other + 1));',
      replace: 'return (equal + 0.5) / (equal + other + 1);',
      caughtBy: 'are counted as a chance of %f, never below one half',
    },
  ]),
];
