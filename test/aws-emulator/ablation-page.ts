/** Which test misses a statement, when it is taken away. */
export interface Noticed {
  /** `RevokeRole.Notify` */
  readonly name: string;
  /** The title of the first test that drives the stack and fails. */
  readonly driven: string | undefined;
  /** Whether the table of what the role can do fails, by the policy evaluator. */
  readonly evaluated: boolean;
}

/** What a page says, so that some statements alone can be looked at again. */
export function readAblationPage(page: string): Noticed[] {
  return [...page.matchAll(/^\| `(\w+\.\w+)` \| (.*?) \| (yes|no) \|$/gm)].map(
    ([, name = '', driven = '', evaluated]) => ({
      name,
      driven: driven === NONE ? undefined : driven,
      evaluated: evaluated === 'yes',
    }),
  );
}

const NONE = '(none)';

/** docs/least-privilege.md, as `npm run ablation` writes it. */
export function ablationPage(noticed: readonly Noticed[]): string {
  const rows = noticed
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ driven = NONE, evaluated, name }) => `| \`${name}\` | ${driven} | ${evaluated ? 'yes' : 'no'} |`);
  return `# Least privilege

Each function has a role of its own, without managed policies (\`deploy/resources/roles.yml\`). \`npm run test:aws\` holds the
roles in two ways:

- **Tables.** For each role, what it can do and what it cannot, decided by a policy evaluator over the packaged template: no role
  deletes or unlocks a record, writes over one, or reads the secrets, queues and prefixes that it has no use for. Only the
  digest function signs.
- **Driven.** The deployed stack does its work on an AWS emulator that checks the policies of the roles, also for what Lambda
  and EventBridge Scheduler call as a role, and for the conditions of the bucket's policy. A call that is refused fails the
  suite, and so does a statement that nothing uses.

## Ablation

\`npm run ablation\` takes each statement that allows something away, runs the suite, and writes this table (about half an hour).
The first column is the statement; the second the first test that then fails because the role's calls are refused; the third
whether the table of the role's rights fails as well. A statement that no test misses makes the command fail.

| statement | test that fails without it | table |
|---|---|---|
${rows.join('\n')}
`;
}
