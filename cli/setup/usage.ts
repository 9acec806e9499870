import { exitCodeHelp } from '../command/exit-codes.ts';

export const USAGE = `npm run setup                            after a deployment: asks for what is missing
npm run setup -- --check                 checks alone, at any time; changes nothing
npm run setup -- --sandbox               shows it on this machine

Stores the Devin admin token and the GitHub credential in the secrets of the stack once they are seen to work, creates the
webhook and the custom pattern of the organisation, rehearses a leak through the queue, and says what is left to do.
No token is printed or logged, and none may be an argument.

  --check                      only checks
  --stage <stage>              of the stack devin-key-revoker-<stage>, default prod
  --stack <name>               a stack of another name
  --admin-token -              reads the Devin admin token from standard input
  --github-token -             reads a GitHub token, or the JSON of a GitHub App, from standard input
  --github-app-id <id> --github-installation-id <id> --github-app-key <file>
                               a GitHub App and the file of its private key
  --org <name>                 an organisation whose webhook and pattern are set up; repeatable
                               default: githubOrgs of the stack, else where the App is installed
  --alert <owner/repo#number>  rehearses this alert, instead of a key that was made up
  --no-rehearsal               leaves the rehearsal out
  --no-github                  for leaks that come from other detectors alone
  --json                       prints {deployment, findings}, and asks nothing
  --help

Without a stack, all of these: --admin-secret, --github-secret and --webhook-secret (names or ARNs), --webhook-url,
--leak-queue-url, --audit-bucket; and, where they are not the default, --devin-api-url, --github-api-url, --secret-types.

GH_TOKEN: a token of an owner of the organisation (scopes admin:org_hook and write:org), which creates the webhook and the
pattern. It is not stored; without it, the GitHub credential is tried:
  gh auth refresh --scopes admin:org_hook,write:org && GH_TOKEN=$(gh auth token) npm run setup
AWS credentials and region are found as the AWS SDK finds them: the environment, a profile, single sign-on.
${exitCodeHelp({
  0: 'all is fine; what is optional may be limited',
  2: 'wrong arguments or settings',
  3: 'something is missing',
  4: 'nothing is known to be missing, and a check could not be made',
})}
`;
