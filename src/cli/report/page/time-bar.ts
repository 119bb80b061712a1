import { count } from '../../text.ts';
import { element } from './dom.ts';
import { timeText } from './format.ts';
import { states, stateWords } from './model.ts';
import type { Stage } from './stage.ts';
import { eventDetails, spoken } from './words.ts';

/** The moment that the page shows: a slider over all events, the event, and the jobs by state after it. */
export function timeBar(stage: Stage): HTMLElement {
  const slider = element('input', {
    type: 'range',
    min: 0,
    max: stage.last,
    step: 1,
    class: 'slider',
    'aria-label': 'moment: events from the first to the last',
  });
  const number = element('input', { type: 'number', class: 'seq', 'aria-label': 'go to seq', inputmode: 'numeric' });
  const of = element('span', { class: 'dim' }, ` of ${rangeText(stage)}`);
  const event = element('p', { class: 'event' });
  const counts = element('dl', { class: 'counts' });
  const step = (label: string, sign: string, move: () => void): HTMLElement => {
    const button = element('button', { type: 'button', 'aria-label': label, title: label }, sign);
    button.addEventListener('click', move);
    return button;
  };
  const buttons = element(
    'div',
    { class: 'steps', role: 'group', 'aria-label': 'step through the events' },
    step('before the first event', '⇤', () => stage.moveTo(0)),
    step('event before', '←', () => stage.moveTo(stage.position - 1)),
    step('next event', '→', () => stage.moveTo(stage.position + 1)),
    step('last event', '⇥', () => stage.moveTo(stage.last)),
  );
  slider.addEventListener('input', () => stage.moveTo(Number(slider.value)));
  number.addEventListener('change', () => {
    const seq = Number(number.value);
    if (number.value !== '' && Number.isFinite(seq)) stage.moveToSeq(seq);
    show();
  });
  const show = (): void => {
    slider.value = String(stage.position);
    slider.setAttribute('aria-valuetext', spoken(stage));
    number.value = String(stage.seq);
    event.replaceChildren(...eventLine(stage));
    counts.replaceChildren(...countList(stage));
  };
  stage.onMove(show);
  show();
  return element(
    'section',
    { class: 'time-bar', 'aria-label': 'moment' },
    element('div', { class: 'row' }, buttons, slider, element('label', { class: 'seq-label' }, 'seq ', number, of)),
    element('div', { class: 'row now' }, event, counts),
  );
}

function rangeText(stage: Stage): string {
  const seqs = stage.model.facts.segments.flatMap(({ seqFirst, seqLast }) => [seqFirst ?? [], seqLast ?? []].flat());
  return seqs.length === 0 ? 'no events' : `${count(Math.min(...seqs))}..${count(Math.max(...seqs))}`;
}

function eventLine(stage: Stage): (Node | string)[] {
  const { row } = stage;
  if (row < 0) {
    const { base } = stage.model.facts;
    const why =
      base === undefined || base.seq === 0
        ? 'before the first event'
        : `the state at seq ${count(base.seq)}, from a snapshot`;
    return [element('span', { class: 'dim' }, why)];
  }
  const { rows } = stage.model;
  const job = rows.job[row] ?? -1;
  const type = stage.typeName(row);
  const parts: (Node | string)[] = [element('b', { class: 'type', 'data-type': type }, type)];
  if (job >= 0) {
    const open = element('button', { type: 'button', class: 'link mono', title: 'show this job' }, stage.jobId(job));
    open.addEventListener('click', () => stage.open(job));
    parts.push(open);
  }
  if (rows.afterHole[row] === 1) parts.push(element('b', { class: 'severity corrupt' }, 'behind a fault'));
  parts.push(element('span', { class: 'details' }, eventDetails(stage, row)));
  const at = rows.atMs[row] ?? 0;
  const time = at === 0 ? [] : [element('time', {}, timeText(at))];
  return [...time, element('div', { class: 'what' }, ...parts)];
}

function countList(stage: Stage): Node[] {
  const { counts } = stage;
  const list = states.map((state, index) =>
    element(
      'div',
      { 'data-state': state },
      element('dt', {}, stateWords[index + 1] ?? ''),
      element('dd', { 'data-count': state }, counts === undefined ? '?' : count(counts[state])),
    ),
  );
  if (counts !== undefined) return list;
  const why = 'not known: events before this one are damaged or missing, and no good snapshot lies between them and it';
  return [...list, element('div', { class: 'unknown' }, element('dt', {}, 'state'), element('dd', {}, why))];
}
