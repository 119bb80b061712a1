import { benchKinds } from './bench.ts';
import type { Kinds } from './kind.ts';
import { programKinds } from './program.ts';
import { queueChangeKinds } from './queue-change.ts';
import { queueLookKinds } from './queue-look.ts';
import { reportKinds } from './report.ts';
import { snapshotKinds } from './snapshot.ts';
import { walKinds } from './wal.ts';

/** Every kind of document: those that commands answer with, by the words of the command. */
export const kinds: Kinds = {
  ...programKinds,
  ...reportKinds,
  ...benchKinds,
  ...walKinds,
  ...snapshotKinds,
  ...queueLookKinds,
  ...queueChangeKinds,
};
