import { escapeText } from '../../base/escape.ts';
import { queueCommand } from '../../commands/store-path.ts';
import type { RunSummary } from '../../queue/run/runner-types.ts';
import type { Session } from '../session.ts';
import { count, counted } from '../text.ts';

/** The last line of a run: what became of the jobs, and behind each semicolon what a person may have to look after. */
export function summaryText({ errStyle, context }: Session, summary: RunSummary, drain: boolean): string {
  const command = escapeText(queueCommand(context));
  const { completed, retried, givenBack, dead, resultsDropped, unwritten, left, others } = summary;
  const became = [
    `${count(completed)} completed`,
    counted(retried, 'retry', 'retries'),
    ...(givenBack > 0 ? [`${count(givenBack)} given back`] : []),
    dead > 0 ? errStyle.bad(`${count(dead)} dead`) : '0 dead',
  ].join(', ');
  const faults: string[] = [];
  if (resultsDropped > 0)
    faults.push(errStyle.warn(`; ${counted(resultsDropped, 'result')} not kept, too large or nested too deep`));
  if (unwritten > 0)
    faults.push(errStyle.bad(`; what became of ${count(unwritten)} more is not in the log, so they run again`));
  faults.push(undoneText({ errStyle }, summary, drain));
  if (left > 0) faults.push(errStyle.warn(`; ${counted(left, 'job')} held back: ${command} status`));
  if (drain && others > 0)
    faults.push(errStyle.warn(`; ${counted(others, 'job')} left for another handler: ${command} list`));
  return became + faults.join('');
}

function undoneText({ errStyle }: Pick<Session, 'errStyle'>, summary: RunSummary, drain: boolean): string {
  const { interrupted, remaining, stopped } = summary;
  const jobs = counted(remaining, 'job');
  if (drain && remaining > 0)
    return errStyle.bad(stopped ? `; stopped with ${jobs} left to run` : `; ${jobs} left to run`);
  return interrupted > 0 ? errStyle.warn(`; stopped with ${counted(interrupted, 'job')} at work`) : '';
}
