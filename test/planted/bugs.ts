import { SWEEP_BUGS } from './bugs/sweep.ts';
import type { PlantedBug } from './planted-bug.ts';

/** All bugs, by area. */
export const BUGS: readonly PlantedBug[] = [...SWEEP_BUGS];
