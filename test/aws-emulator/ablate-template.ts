import type { Resource } from '../package/packaged.ts';

type Resources = Readonly<Record<string, Resource>>;

/** A statement of a policy, or one that is there under a condition of the template. */
interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Principal?: { readonly AWS?: { readonly 'Fn::GetAtt'?: readonly string[] } };
  readonly 'Fn::If'?: readonly [condition: string, statement: Statement, otherwise: unknown];
}

/** A statement that allows a role something, in its own policy or in that of a key. */
export interface Allow {
  /** `RevokeRole.Notify`, `AuditKey.Sign` */
  readonly name: string;
  readonly role: string;
  readonly sid: string;
}

/** Each Allow of the roles, and of the keys that allow a role something; what a key allows administrators is no role's. */
export function allowsOf(resources: Resources): Allow[] {
  return Object.entries(resources).flatMap(([id, resource]) =>
    documentsOf(resource)
      .flatMap(({ Statement }) => Statement)
      .map((statement) => statement['Fn::If']?.[1] ?? statement)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Principal, Sid = '' }) => {
        const role = resource.Type === 'AWS::IAM::Role' ? id : Principal?.AWS?.['Fn::GetAtt']?.[0];
        return role === undefined ? [] : [{ name: `${id}.${Sid}`, role, sid: Sid }];
      }),
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
