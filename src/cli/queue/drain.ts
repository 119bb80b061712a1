import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { drainQueue } from '../../commands/queue/drain.ts';
import type { Session } from '../session.ts';
import { counted } from '../text.ts';

/** Waits for the runner to empty the queue and to end. Exit 1 when that did not come to a good end for every job. */
export async function drain(session: Session): Promise<ExitCode> {
  const answer = await drainQueue(session.context);
  session.settle();
  const { completed, dead, left, unfinished } = answer;
  const exit = dead > 0 || left > 0 || unfinished !== undefined ? Exit.failed : Exit.ok;
  if (session.json) {
    await session.document({ ...answer, exit });
    return exit;
  }
  const { out, err, style, errStyle } = session;
  const parts = [
    `${counted(completed, 'job')} completed`,
    dead > 0 ? style.bad(`${dead} dead`) : '0 dead',
    ...(left > 0 ? [style.warn(`${left} held back by a pause`)] : []),
  ];
  await out.line(parts.join(', '));
  if (unfinished !== undefined) {
    await err.line(`${errStyle.bad('the runner ended before the queue was empty:')} ${escapeText(unfinished)}`);
  }
  return exit;
}
