import type { Target } from '../target.ts';
import { diskTargets } from './disk.ts';
import { exportTargets } from './export.ts';
import { foreignTargets } from './foreign.ts';
import { inputTargets } from './input.ts';
import { stateTargets } from './state.ts';
import { textTargets } from './text.ts';
import { whereTargets } from './where.ts';
import { wireTargets } from './wire.ts';

/** Every parser of bytes and texts from outside. */
export const targets: readonly Target[] = [
  ...diskTargets,
  ...stateTargets,
  ...wireTargets,
  ...foreignTargets,
  ...exportTargets,
  ...inputTargets,
  ...textTargets,
  ...whereTargets,
];
