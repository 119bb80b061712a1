import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { previewPrune } from '../../commands/queue/state.ts';
import type { PruneRequest } from '../../queue/engine-types.ts';
import { explainFiles } from '../explain/explain-look.ts';
import type { Session } from '../session.ts';
import { counted } from '../text.ts';
import { ask, type WriterFlags } from './many.ts';

export interface PruneFlags extends WriterFlags {
  olderThan?: number;
  keep?: number;
  state?: string[];
  dryRun?: boolean;
}

/** Forgets finished jobs, or says how many it would. */
export async function prune(session: Session, ids: readonly string[], flags: PruneFlags): Promise<ExitCode> {
  const { context } = session;
  const request = requestOf(ids, flags, context.env.clock.now());
  if (flags.dryRun === true) {
    const { completed, dead, exit, ...files } = await previewPrune(context, request);
    session.settle();
    if (session.json) {
      await session.document({ dryRun: true, completed, dead, findings: files.findings, exit });
      return exit;
    }
    await session.out.line(`would forget ${counted(completed, 'completed job')} and ${counted(dead, 'dead one')}`);
    await explainFiles(session, files);
    return exit;
  }
  const { pruned } = await ask(session, flags, 'prune', request);
  if (session.json) await session.document({ dryRun: false, pruned, exit: Exit.ok });
  else await session.out.line(`${counted(pruned, 'finished job')} forgotten`);
  return Exit.ok;
}

/** An age becomes a time here, so that asking twice means the same jobs. */
function requestOf(ids: readonly string[], flags: PruneFlags, now: number): PruneRequest {
  const { olderThan, keep } = flags;
  const states = flags.state?.map(stateIn);
  if (ids.length > 0 && states !== undefined) {
    throw usageError('E_USAGE', '--state goes with --older-than and --keep: ids say already which jobs');
  }
  return {
    ...(ids.length > 0 && { ids }),
    ...(olderThan !== undefined && { endedBefore: now - olderThan }),
    ...(keep !== undefined && { keep }),
    ...(states !== undefined && { states }),
  };
}

function stateIn(text: string): 'completed' | 'dead' {
  if (text === 'completed' || text === 'dead') return text;
  throw usageError('E_USAGE', `--state: '${text}' is not allowed; give completed, dead, or both with a comma`);
}
