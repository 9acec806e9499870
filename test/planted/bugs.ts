import { AUDIT_BUGS } from './audit-bugs.ts';
import { CLIENT_BUGS } from './clients-bugs.ts';
import { CONTAINMENT_BUGS } from './containment-bugs.ts';
import { IDENTIFY_BUGS } from './identify-bugs.ts';
import { INTAKE_BUGS } from './intake-bugs.ts';
import type { PlantedBug } from './planted-bug.ts';
import { SWEEP_BUGS } from './sweep-bugs.ts';

/** All bugs, by area. */
export const BUGS: readonly PlantedBug[] = [
  ...INTAKE_BUGS,
  ...IDENTIFY_BUGS,
  ...CONTAINMENT_BUGS,
  ...SWEEP_BUGS,
  ...CLIENT_BUGS,
  ...AUDIT_BUGS,
];
