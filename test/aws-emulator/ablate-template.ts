import type { Resource } from '../package/packaged.ts';

type Resources = Readonly<Record<string, Resource>>;

/** A statement of a policy, or one that is there under a condition of the template. */
interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly 'Fn::If'?: readonly [condition: string, statement: Statement, otherwise: unknown];
}

/** The key that signs has a policy that allows too; what it allows the account's administrators is no role's. */
const KEYS: Readonly<Record<string, string>> = { AuditKey: 'Sign' };

/** Each Allow of the roles, and of the keys that allow a role something: `RevokeRole.Notify`. */
export function allowsOf(resources: Resources): string[] {
  return Object.entries(resources).flatMap(([id, resource]) =>
    documentsOf(resource)
      .flatMap(({ Statement }) => Statement)
      .map((statement) => statement['Fn::If']?.[1] ?? statement)
      .filter(
        ({ Effect, Sid }) => Effect === 'Allow' && (resource.Type === 'AWS::IAM::Role' || KEYS[id] === Sid),
      )
      .map(({ Sid }) => `${id}.${Sid}`),
  );
}

/**
 * Takes statements away, to see which test misses them: `ABLATE=SweepKeysRole.Notify npm run test:aws`.
 *
 * @param names separated by commas
 * @throws when there is no such statement
 */
export function ablate<T extends Resources>(resources: T, names: string | undefined): T {
  const left = structuredClone(resources);
  for (const name of names?.split(',') ?? []) {
    const [id = '', sid] = name.split('.');
    const isOther = (statement: Statement) => (statement['Fn::If']?.[1] ?? statement).Sid !== sid;
    const documents = left[id] === undefined ? [] : documentsOf(left[id]);
    if (documents.every(({ Statement }) => Statement.every(isOther))) throw new Error(`there is no ${name}`);
    for (const document of documents) document.Statement = document.Statement.filter(isOther);
  }
  return left;
}

function documentsOf({ Properties, Type }: Resource): { Statement: Statement[] }[] {
  if (Type === 'AWS::KMS::Key') return [Properties.KeyPolicy];
  if (Type !== 'AWS::IAM::Role') return [];
  return Properties.Policies.map(({ PolicyDocument }: { PolicyDocument: object }) => PolicyDocument);
}
