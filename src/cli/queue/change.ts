import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { countJobs } from '../../commands/queue/state.ts';
import type { BulkFilter } from '../../queue/engine-types.ts';
import type { RestingState } from '../../queue/run/operations.ts';
import { confirm } from '../confirm.ts';
import type { Session } from '../session.ts';
import { counted } from '../text.ts';
import { type JobFlags, specOf } from './job-flags.ts';
import { ask, forEach, idsOrAll, type WriterFlags } from './many.ts';

/** What people do to jobs by hand. */

export async function cancel(
  session: Session,
  ids: readonly string[],
  flags: WriterFlags & { reason?: string },
): Promise<ExitCode> {
  const { reason } = flags;
  const { style } = session;
  return await forEach(session, ids, flags, {
    use: (ops, id) => ops.call('cancel', { id, ...(reason !== undefined && { why: reason }) }),
    say: ({ status, alsoDead }) => {
      const also = alsoDead.length > 0 ? `, and ${counted(alsoDead.length, 'job')} that waited for it` : '';
      return status === 'cancelled'
        ? `${style.warn('cancelled')}${also}`
        : `${style.warn('cancelling')}: its process is being ended`;
    },
  });
}

export async function update(
  session: Session,
  ids: readonly string[],
  flags: WriterFlags & JobFlags,
): Promise<ExitCode> {
  const change = specOf(flags);
  if (Object.keys(change).length === 0) {
    throw usageError('E_USAGE', 'nothing to change was named', { next: 'walq queue update --help' });
  }
  return await forEach(session, ids, flags, {
    use: (ops, id) => ops.call('update', { id, change }),
    say: () => session.style.good('updated'),
  });
}

export async function promote(session: Session, ids: readonly string[], flags: WriterFlags): Promise<ExitCode> {
  return await forEach(session, ids, flags, {
    use: (ops, id) => ops.call('promote', { id }),
    say: () => session.style.good('promoted'),
  });
}

interface BulkFlags extends WriterFlags, BulkFilter {
  all?: boolean;
  yes?: boolean;
}

export async function remove(session: Session, ids: readonly string[], flags: BulkFlags): Promise<ExitCode> {
  const which = idsOrAll(ids, flags.all === true, 'walq queue rm --help');
  if (which === 'ids' && (flags.name ?? flags.group) !== undefined) {
    throw usageError('E_USAGE', '--name and --group go with --all: ids say already which jobs');
  }
  return which === 'all' ? await removeAll(session, flags, allStates) : await removeEach(session, ids, flags);
}

export async function removeDead(session: Session, ids: readonly string[], flags: BulkFlags): Promise<ExitCode> {
  const which = idsOrAll(ids, flags.all === true, 'walq queue dead rm --help');
  return which === 'all' ? await removeAll(session, flags, ['dead']) : await removeEach(session, ids, flags);
}

const allStates: readonly RestingState[] = ['pending', 'completed', 'dead'];

async function removeEach(session: Session, ids: readonly string[], flags: WriterFlags): Promise<ExitCode> {
  return await forEach(session, ids, flags, {
    use: (ops, id) => ops.call('remove', { id }),
    say: () => session.style.warn('removed'),
  });
}

async function removeAll(session: Session, flags: BulkFlags, states: readonly RestingState[]): Promise<ExitCode> {
  const { context } = session;
  const filter = filterOf(flags);
  if (flags.yes !== true) {
    const { counts } = await countJobs(context, filter);
    const parts = states.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
    const sum = states.reduce((total, state) => total + counts[state], 0);
    if (sum > 0) await confirm(session, `forget ${counted(sum, 'job')} for good (${parts.join(', ')})?`);
  }
  const answer = await ask(session, flags, 'remove-all', { ...filter, states });
  if (session.json) await session.document({ ...answer, exit: Exit.ok });
  else {
    const kept = answer.kept > 0 ? `; ${answer.kept} kept, because other jobs wait for them` : '';
    await session.out.line(`${counted(answer.removed, 'job')} removed${kept}`);
  }
  return Exit.ok;
}

export interface RetryFlags extends BulkFlags {
  resetAttempts?: boolean;
}

export async function retry(session: Session, ids: readonly string[], flags: RetryFlags): Promise<ExitCode> {
  const help = `walq ${session.kind.replaceAll('.', ' ')} --help`;
  const isFiltered = (flags.name ?? flags.group) !== undefined;
  const isAll = flags.all === true;
  if (isFiltered && !isAll && ids.length > 0)
    throw usageError('E_USAGE', '--name and --group choose among the dead: ids say already which jobs');
  const all = isAll || isFiltered;
  const reset = flags.resetAttempts === true;
  const which = idsOrAll(ids, all, help);
  if (which === 'ids') {
    return await forEach(session, ids, flags, {
      use: (ops, id) => ops.call('redrive', { id, ...(reset && { reset }) }),
      say: ({ also }) => {
        const rest = also.length > 0 ? `, and ${counted(also.length, 'job')} that died with it` : '';
        return `${session.style.good('pending')}${rest}`;
      },
    });
  }
  const answer = await ask(session, flags, 'redrive-all', { ...filterOf(flags), ...(reset && { reset }) });
  if (session.json) await session.document({ ...answer, exit: Exit.ok });
  else await session.out.line(`${counted(answer.jobs, 'dead job')} pending again`);
  return Exit.ok;
}

function filterOf({ name, group }: BulkFilter): BulkFilter {
  return { ...(name !== undefined && { name }), ...(group !== undefined && { group }) };
}
