import { shellId, shellPath, shellWord } from '../../base/shell-word.ts';
import type { Job } from '../../queue/state/job.ts';
import type { Step } from '../next-steps.ts';
import type { Reason } from './reason-types.ts';
import type { JobView } from './view.ts';

/**
 * What can be done about a job: one command to copy, and what it does. Undefined where nothing is to be done, and where
 * nobody can: in the past, and on what is no store.
 */
export function nextFor(view: JobView, reason: Reason): Step | undefined {
  const { job, scene, id } = view;
  const { command, live } = scene;
  if (!live)
    return command === ''
      ? undefined
      : { command: `${command} show --explain ${shellId(id)}`, does: 'how it stands now' };
  const step = (words: string, does: string): Step => ({ command: `${command} ${words}`, does });
  switch (reason.kind) {
    case 'scheduled':
    case 'retrying':
      return step(`promote ${shellId(id)}`, 'lets it run now');
    case 'blocked': {
      const parent = view.parents.find(({ waits }) => waits)?.id;
      return parent === undefined
        ? undefined
        : step(`show --explain ${shellId(parent)}`, 'why that one has not completed');
    }
    case 'paused':
      return pausedStep(view, step);
    case 'no-handler':
      return step('drain', `ends the runner when it is idle; then start one that takes it: ${runnerFor(job)}`);
    case 'expired':
      return step(`update --expire 1h ${shellId(id)}`, 'gives it another hour');
    case 'no-runner':
    case 'orphaned':
      return step(
        runnerFor(job),
        job?.options.command ? 'runs the commands that jobs bring' : 'CMD is what runs a job',
      );
    case 'damaged-log':
      return { command: `walq doctor ${shellPath(scene.target.path)}`, does: 'what is damaged, and what to do' };
    case 'silent-runner':
      return step('status', 'who has the queue');
    case 'group-limit':
    case 'runner-group-limit':
      return step(`list --group ${shellWord(job?.options.group ?? '')} --state in_flight`, 'which jobs it waits for');
    case 'rate':
      return step('limit', 'the limits in force');
    case 'busy-workers':
      return step('list --state in_flight', 'what the workers do');
    case 'turn':
      return step(
        `update --priority ${(job?.options.priority ?? 0) + 1} ${shellId(id)}`,
        'puts it ahead of its equals',
      );
    case 'ending-runner':
    case 'full-disk':
      return step('status', 'how the queue stands');
    case 'running':
      return step(`logs -f ${shellId(id)}`, 'what it prints, as it prints it');
    case 'leased':
    case 'cancelling':
      return step(`wait ${shellId(id)}`, 'until it is over');
    case 'dead':
      return deadStep(view, step);
    case 'completed':
      return view.logFiles.length > 0 ? step(`logs ${shellId(id)}`, 'what it printed') : undefined;
    case 'timed-out':
    case 'free':
    case 'gone':
    case 'unknown':
      return undefined;
  }
}

type MakeStep = (words: string, does: string) => Step;

function runnerFor(job: Job | undefined): string {
  return job?.options.command === undefined ? 'run --exec CMD' : 'run --commands';
}

function pausedStep({ phase }: JobView, step: MakeStep): Step | undefined {
  if (phase?.kind !== 'paused') return undefined;
  const { name, group } = phase.pause;
  const scope =
    name !== undefined ? ` --name ${shellWord(name)}` : group !== undefined ? ` --group ${shellWord(group)}` : '';
  return step(`resume${scope}`, 'ends the pause, for all jobs that it holds');
}

/** Those that died of another's death live again with that one. */
function deadStep({ job, id, parents, scene }: JobView, step: MakeStep): Step | undefined {
  if (job?.state !== 'dead') return undefined;
  const culprit = job.reason === 'parent' ? parents.find(({ state }) => state === 'dead')?.id : undefined;
  if (culprit !== undefined) return step(`retry ${shellId(culprit)}`, 'lets that one run again, and this one after it');
  const key = job.special?.key;
  const taker =
    key === undefined
      ? undefined
      : scene.machine?.keyHolders(key).find(({ state }) => state === 'pending' || state === 'in_flight');
  if (taker !== undefined)
    return step(`show --explain ${shellId(taker.id)}`, 'this job has its unique key by now: a retry waits for it');
  if (job.reason === 'crashes')
    return step(`retry --reset-attempts ${shellId(id)}`, 'lets it run again, deaths of runners forgotten');
  return step(`retry ${shellId(id)}`, 'gives it one more attempt');
}
