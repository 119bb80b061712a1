import type { Asked, BisectResult, EventRange, Probe, Touched } from '../../commands/bisect/types.ts';
import { jobStates } from '../../queue/state/job.ts';
import { flag, list, type Members, membersOf, object, oneOf, optional, structure, text, whole } from './build.ts';
import { eventRow } from './event.ts';
import { fieldSeen } from './field.ts';
import { exit, judged, seqOfAnySystem, target } from './shared.ts';

const seenBy = (when: string) => list(fieldSeen, `what the expression saw ${when}; empty for a command`);

const state = (when: string) => optional(oneOf(jobStates, `${when}; absent where there was no such job`));

const turn = object(
  {
    seq: seqOfAnySystem,
    event: optional(eventRow),
    touched: list(
      structure<Touched>({
        id: text('of the job'),
        before: state('its state before'),
        after: state('its state after'),
      }),
      'jobs that the event changed, the first thousand',
    ),
    touchedCount: whole('how many it changed; those that go by their age are counted here alone'),
    before: seenBy('before the event'),
    after: seenBy('after it'),
  },
  'the event that turned it',
);

const probe = structure<Probe>(
  {
    seq: whole('the state after this event; 0 is before the first one'),
    answer: oneOf(['good', 'bad', 'skip'], 'bad: what is sought holds; skip: this state could not tell'),
    exit: optional(whole('exit code of the command')),
    replayed: whole('events applied to come to this state'),
    snapshot: optional(seqOfAnySystem),
  },
  'a look at one state',
);

const asked = structure<Asked>(
  {
    where: optional(text('the expression')),
    job: optional(text('id of the job that it is about')),
    run: optional(text('the command')),
  },
  'what was asked',
);

const result = membersOf<Omit<BisectResult, 'turn'>>({
  target,
  outcome: oneOf(
    ['found', 'never', 'before', 'unsure'],
    'never: not bad at the end of the range; before: bad already before it; unsure: it lies among the candidates',
  ),
  first: flag('every event was looked at, so that it is the very first; else one change is assumed'),
  from: whole('first event of the range, by its seq; by its place in a log of another system'),
  to: whole('last event of the range'),
  candidates: optional(
    structure<EventRange>({ from: whole('first seq'), to: whole('last seq, inclusive') }, 'events among which it is'),
  ),
  seen: seenBy('where the answer was given'),
  probes: list(probe, 'states that were asked, in order'),
  replayed: whole('events that were applied in all'),
  ...judged,
});

export const bisectAnswer: Members = { asked, ...result, turn: optional(turn), exit };
