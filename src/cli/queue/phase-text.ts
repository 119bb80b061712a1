import { agoText, roughly } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import { runnerName } from '../../queue/events/event-details.ts';
import type { Phase, PhaseKind } from '../../queue/state/phase.ts';
import { scopeText } from '../scope-text.ts';
import type { Style } from '../style.ts';

/** 'no-handler' -> 'no handler'. */
export function phaseName(kind: PhaseKind): string {
  return kind.replace('-', ' ');
}

export function phaseColored(kind: PhaseKind, style: Style): string {
  const text = phaseName(kind);
  switch (kind) {
    case 'completed':
      return style.good(text);
    case 'dead':
      return style.bad(text);
    case 'retrying':
    case 'paused':
    case 'no-handler':
    case 'expired':
    case 'cancelling':
    case 'orphaned':
      return style.warn(text);
    case 'running':
    case 'leased':
      return style.command(text);
    case 'ready':
    case 'scheduled':
    case 'blocked':
      return text;
  }
}

/** A few words beside the phase: when, on whom, why. '' when the phase says it all. Escaped. */
export function phaseNote(phase: Phase, now: number): string {
  switch (phase.kind) {
    case 'scheduled':
      return `in ${roughly(phase.runAt - now)}`;
    case 'retrying':
      return `in ${roughly(phase.runAt - now)}, after ${escapeText(phase.reason)}`;
    case 'blocked':
      return `after ${listed(phase.parents)}`;
    case 'paused':
      return pauseNote(phase);
    case 'no-handler':
      return phase.lane === 'command' ? 'the runner takes no jobs with a command' : 'the runner takes other jobs';
    case 'expired':
      return agoText(now - phase.at);
    case 'leased':
      return phase.until > now
        ? `for ${roughly(phase.until - now)} more`
        : `its time ran out ${roughly(now - phase.until)} ago`;
    case 'cancelling':
      return `for ${roughly(now - phase.since)}`;
    case 'orphaned':
      return phase.runner === undefined ? 'nobody has it' : `runner ${runnerName(phase.runner)} is gone`;
    case 'dead':
      return escapeText(phase.reason);
    case 'running':
    case 'ready':
    case 'completed':
      return '';
  }
}

function pauseNote({ pause }: Extract<Phase, { kind: 'paused' }>): string {
  const reason = pause.reason === undefined ? '' : `: ${escapeText(pause.reason)}`;
  return `${scopeText(pause)}${reason}`;
}

const listedMax = 3;

/** 'a, b, c and 4 more', escaped. */
function listed(ids: readonly string[]): string {
  const shown = ids.slice(0, listedMax).map(escapeText).join(', ');
  return ids.length > listedMax ? `${shown} and ${ids.length - listedMax} more` : shown;
}
