import { count, counted } from '../../text.ts';
import { element } from './dom.ts';
import { clockText, spanText, timeText } from './format.ts';
import { jobChart } from './job-chart.ts';
import type { Stage } from './stage.ts';
import { eventDetails, jobSummary } from './words.ts';

const eventsShown = 500;

/** The life of one job: its attempts on a line of time, and its events. */
export class JobPanel {
  readonly element: HTMLElement;
  readonly #stage: Stage;
  readonly #body = element('div', { class: 'job-detail' });
  /** Where the keys were when it was opened. */
  #opener: HTMLElement | undefined;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.element = element('section', { class: 'panel detail', 'aria-label': 'one job', tabindex: -1 }, this.#body);
    stage.onJob((byHand) => {
      this.#show();
      if (byHand && stage.job >= 0) this.#receive();
    });
    stage.onMove(() => this.#mark());
    this.#show();
  }

  #receive(): void {
    if (document.activeElement instanceof HTMLElement) this.#opener = document.activeElement;
    this.element.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: 'nearest', behavior: 'auto' });
  }

  close(): void {
    if (this.#stage.job < 0) return;
    this.#stage.open(-1);
    this.#opener?.focus();
  }

  #show(): void {
    const { job, model } = this.#stage;
    this.element.classList.toggle('empty', job < 0);
    if (job < 0) {
      this.#body.replaceChildren(
        element('p', { class: 'dim' }, 'Choose a job to see its life: every event, every attempt.'),
      );
      return;
    }
    const close = element('button', { type: 'button', class: 'close', 'aria-label': 'close this job' }, '×');
    close.addEventListener('click', () => this.close());
    const rows = this.#stage.rowsOf(job);
    const { jobs } = model;
    const [name, group] = [this.#stage.text(jobs.name[job]), this.#stage.text(jobs.group[job])];
    this.#body.replaceChildren(
      element('div', { class: 'panel-head' }, element('h2', { class: 'mono' }, this.#stage.jobId(job)), close),
      element('p', { class: 'dim' }, [name, ...(group === '' ? [] : [`group ${group}`])].join(' · ')),
      element('p', { class: 'job-summary', role: 'status' }),
      ...(jobs.whole[job] === 1 ? [] : [element('p', { class: 'notice' }, this.#cutText(rows))]),
      jobChart(this.#stage, rows),
      this.#events(rows),
    );
    this.#mark();
  }

  #cutText(rows: Int32Array): string {
    const first = rows[0];
    const since = first === undefined ? '' : ` before seq ${count(this.#stage.model.rows.seq[first] ?? 0)}`;
    const why = 'the log begins after them, they are lost, or they were not sampled';
    return `its events${since} are not in this page: ${why}`;
  }

  #events(rows: Int32Array): HTMLElement {
    const list = element('ol', { class: 'events' });
    let [before, day] = [Number.NaN, ''];
    for (const row of rows.subarray(0, eventsShown)) {
      const at = this.#stage.model.rows.atMs[row] ?? 0;
      const today = timeText(at).slice(0, 10);
      if (at > 0 && today !== day) list.append(element('li', { class: 'day' }, today));
      list.append(this.#event(row, at, at - before));
      [before, day] = [at, today];
    }
    const more = rows.length - eventsShown;
    if (more > 0)
      list.append(element('li', { class: 'day' }, `… and ${counted(more, 'more event')}: walq wal inspect --job`));
    return list;
  }

  #event(row: number, at: number, since: number): HTMLElement {
    const type = this.#stage.typeName(row);
    const seq = this.#stage.model.rows.seq[row] ?? 0;
    const go = element('button', { type: 'button', class: 'link', title: 'show this moment' }, count(seq));
    go.addEventListener('click', () => this.#stage.moveTo(row + 1));
    const passed = Number.isNaN(since) || at === 0 ? '' : `${since < 0 ? '−' : '+'}${spanText(Math.abs(since))}`;
    return element(
      'li',
      { 'data-row': row },
      element('span', { class: 'seq' }, go),
      at === 0 ? element('span', {}, '') : element('time', { title: timeText(at) }, clockText(at)),
      element('span', { class: 'since dim' }, passed),
      element('b', { class: 'type', 'data-type': type }, type),
      element('span', { class: 'details' }, eventDetails(this.#stage, row)),
    );
  }

  /** What has happened by now, and what is still to come. */
  #mark(): void {
    const { job, row: now } = this.#stage;
    if (job < 0) return;
    const summary = this.#body.querySelector('.job-summary');
    if (summary !== null) summary.textContent = `at seq ${count(this.#stage.seq)}: ${jobSummary(this.#stage, job)}`;
    for (const item of this.#body.querySelectorAll('[data-row]')) {
      const row = Number(item.getAttribute('data-row'));
      item.classList.toggle('later', row > now);
      if (row === now) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
    }
  }
}
