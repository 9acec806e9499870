import { AUDIT_BUGS } from './bugs/audit.ts';
import { CLIENT_BUGS } from './bugs/clients.ts';
import { CONTAINMENT_BUGS } from './bugs/containment.ts';
import { IDENTIFY_BUGS } from './bugs/identify.ts';
import { INTAKE_BUGS } from './bugs/intake.ts';
import { SWEEP_BUGS } from './bugs/sweep.ts';
import type { PlantedBug } from './planted-bug.ts';

/** All bugs, by area. */
export const BUGS: readonly PlantedBug[] = [
  ...INTAKE_BUGS,
  ...IDENTIFY_BUGS,
  ...CONTAINMENT_BUGS,
  ...SWEEP_BUGS,
  ...CLIENT_BUGS,
  ...AUDIT_BUGS,
];
