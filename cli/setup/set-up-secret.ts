import type { StoreSecret } from '../../lib/aws/put-secret-sdk.ts';
import { type ReadSecret, SecretError } from '../../lib/aws/secrets.ts';
import { type Finding, type Inspection, missing, ok, unknown } from './finding.ts';

/** A secret of the stack, and how what is in it is judged and asked for. */
export interface SecretStep {
  /** Such as `admin token`. */
  readonly name: string;
  readonly secretId: string;
  /** How to store one. */
  readonly mend: string;
  inspect(value: string): Promise<Inspection>;
  /** From the arguments; `undefined` without one. */
  readonly given: string | undefined;
  /** From a person, again until it is usable; empty to leave it. Only where somebody can be asked. */
  readonly ask?: ((before: readonly Finding[]) => Promise<string>) | undefined;
}

export interface SecretParts {
  readonly read: ReadSecret;
  readonly store: StoreSecret;
  deadline(): number;
}

/** What is used from now on: the credential that is in the secret in the end. */
export interface SetUpSecret {
  readonly inspection: Inspection;
  readonly value?: string;
}

/**
 * Inspects a given credential and stores it when it is usable; without one, inspects what is stored, and asks a person for
 * another when that does not do.
 */
export async function setUpSecret(step: SecretStep, parts: SecretParts): Promise<SetUpSecret> {
  if (step.given !== undefined) return storeUsable(step, step.given, parts);
  let current = await inspectStored(step, parts);
  while (!current.inspection.isUsable && step.ask !== undefined) {
    const typed = await step.ask(current.inspection.findings);
    if (typed === '') break;
    const stored = await storeUsable(step, typed, parts);
    if (stored.inspection.isUsable) return stored;
    current = stored;
  }
  return current;
}

async function inspectStored(step: SecretStep, { read }: SecretParts): Promise<SetUpSecret> {
  const { inspect, mend, name, secretId } = step;
  const empty = missing(name, 'its secret is empty', mend);
  const without = (finding: Finding) => ({ inspection: { isUsable: false, findings: [finding] } });
  try {
    const value = await read(secretId);
    return value.trim() === '' ? without(empty) : { value, inspection: await inspect(value) };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    // As AWS answers for a secret that has no value yet.
    if (error.code === 'ResourceNotFoundException') return without(empty);
    return without(unknown(name, error.message, 'your AWS credentials need secretsmanager:GetSecretValue'));
  }
}

async function storeUsable(
  step: SecretStep,
  value: string,
  { deadline, store }: SecretParts,
): Promise<SetUpSecret> {
  const { inspect, name, secretId } = step;
  const inspection = await inspect(value);
  const check = `${name} stored`;
  const add = (finding: Finding, isUsable: boolean): Inspection => ({
    ...inspection,
    isUsable,
    findings: [...inspection.findings, finding],
  });
  if (!inspection.isUsable) {
    const isMissing = inspection.findings.some(({ status }) => status === 'missing');
    const [found, then] = ['not stored, for what is said above', 'run it again with another one'];
    return {
      inspection: add(isMissing ? missing(check, found, then) : unknown(check, found, 'run it again'), false),
    };
  }
  try {
    await store(secretId, value.trim(), deadline());
    return { value: value.trim(), inspection: add(ok(check, `in ${secretId}`), true) };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    const finding = unknown(check, error.message, 'your AWS credentials need secretsmanager:PutSecretValue');
    return { inspection: add(finding, false) };
  }
}
