/**
 * What one check came to. `limited`: it works, and something that is optional does not. `unknown`: the check could not be
 * made. `found` is what was seen, `mend` what to do about it; neither quotes a secret.
 */
export type Finding =
  | { readonly check: string; readonly status: 'ok'; readonly found: string }
  | {
      readonly check: string;
      readonly status: 'limited' | 'missing' | 'unknown';
      readonly found: string;
      readonly mend: string;
    };

export function ok(check: string, found: string): Finding {
  return { check, status: 'ok', found };
}

export function limited(check: string, found: string, mend: string): Finding {
  return { check, status: 'limited', found, mend };
}

export function missing(check: string, found: string, mend: string): Finding {
  return { check, status: 'missing', found, mend };
}

export function unknown(check: string, found: string, mend = 'run it again'): Finding {
  return { check, status: 'unknown', found, mend };
}

/** 0 when all is fine, 3 when something is missing, else 4 when a check could not be made. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 3 | 4 {
  const has = (status: Finding['status']) => findings.some((finding) => finding.status === status);
  return has('missing') ? 3 : has('unknown') ? 4 : 0;
}

/** What a credential can do. It is stored only when it is usable. */
export interface Inspection {
  readonly isUsable: boolean;
  readonly findings: readonly Finding[];
  /** The service user of an admin token, or the organisation in which a GitHub App is installed. */
  readonly owner?: string | undefined;
}
