import { count, counted } from '../../text.ts';
import { element } from './dom.ts';
import { dayTimeText, timeText } from './format.ts';
import { JobList, type JobQuery, type SortKey } from './job-list.ts';
import { absent, stateWords } from './model.ts';
import type { Stage } from './stage.ts';
import { lastEvent } from './words.ts';

const rowHeight = 30;
const printedRows = 200;
const columns: readonly { key: SortKey | ''; title: string }[] = [
  { key: 'state', title: 'state' },
  { key: 'job', title: 'job' },
  { key: 'name', title: 'name' },
  { key: 'attempt', title: 'attempt' },
  { key: 'enqueued', title: 'enqueued' },
  { key: 'changed', title: 'changed' },
  { key: '', title: 'last event' },
];

/** All jobs as they are at the moment. However many: only the rows in sight are there. */
export class JobsTable {
  readonly element: HTMLElement;
  readonly query: JobQuery = { search: '', state: undefined, sort: 'seq', descending: false };
  readonly #stage: Stage;
  readonly #list: JobList;
  readonly #onQuery: () => void;
  readonly #search = element('input', {
    type: 'search',
    placeholder: 'search id, name, group, last event',
    'aria-label': 'search jobs',
    spellcheck: 'false',
  });
  readonly #chips = element('div', { class: 'chips', role: 'group', 'aria-label': 'only jobs that are' });
  readonly #head = element('div', { class: 'job-row job-head', role: 'row' });
  readonly #body = element('div', { class: 'job-body', role: 'rowgroup' });
  readonly #scroller: HTMLElement;
  readonly #note = element('p', { class: 'dim found', role: 'status' });
  /** The row that the keys are at. */
  #active = 0;
  #asked = false;
  #stale = true;

  constructor(stage: Stage, onQuery: () => void) {
    this.#stage = stage;
    this.#onQuery = onQuery;
    this.#list = new JobList(stage);
    this.#scroller = element(
      'div',
      {
        class: 'job-scroller',
        role: 'grid',
        tabindex: 0,
        'aria-label': 'jobs; arrows walk, Enter opens',
        'aria-colcount': columns.length,
      },
      element('div', { role: 'rowgroup', class: 'job-head-group' }, this.#head),
      this.#body,
    );
    this.element = element(
      'section',
      { class: 'panel jobs', 'aria-labelledby': 'jobs-title' },
      element('div', { class: 'panel-head' }, element('h2', { id: 'jobs-title' }, 'Jobs'), this.#search, this.#chips),
      this.#scroller,
      this.#note,
    );
    this.#listen();
    stage.onMove(() => this.#ask());
    stage.onJob(() => this.#draw());
    this.refresh();
  }

  /** Looks again: the query has changed. */
  refresh(): void {
    this.#search.value = this.query.search;
    this.#active = 0;
    this.#scroller.scrollTop = 0;
    this.#find();
  }

  focusSearch(): void {
    this.#search.focus();
  }

  /** Paper does not scroll. */
  print(isPrinting: boolean): void {
    this.#draw(isPrinting ? { from: 0, to: Math.min(printedRows, this.#list.places.length) } : undefined);
  }

  #listen(): void {
    this.#search.addEventListener('input', () => this.#change({ search: this.#search.value.trim().toLowerCase() }));
    this.#search.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') this.#open();
    });
    this.#scroller.addEventListener('scroll', () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(this.#scroller);
    this.#scroller.addEventListener('keydown', (event) => {
      if (event.target === this.#scroller && this.#key(event.key)) event.preventDefault();
    });
    this.#body.addEventListener('click', (event) => {
      const row = event.target instanceof Element ? event.target.closest('[data-at]') : null;
      if (row === null) return;
      this.#active = Number(row.getAttribute('data-at'));
      this.#open();
    });
  }

  #change(change: Partial<JobQuery>): void {
    Object.assign(this.query, change);
    const { value } = this.#search;
    this.refresh();
    this.#search.value = value;
    this.#onQuery();
  }

  /** The moment has moved: at the next frame, and the rest when it stands still. */
  #ask(): void {
    this.#stale = true;
    if (this.#asked) return;
    this.#asked = true;
    const later = JobList.dependsOnMoment(this.query) && this.#stage.model.jobs.length > 20_000;
    const act = (): void => {
      this.#asked = false;
      if (this.#stale) this.#find();
    };
    if (later) setTimeout(act, 150);
    else requestAnimationFrame(act);
  }

  #find(): void {
    this.#stale = false;
    this.#list.find(this.query);
    this.#active = Math.max(0, Math.min(this.#active, this.#list.places.length - 1));
    this.#head.replaceChildren(...columns.map(({ key, title }) => this.#headCell(key, title)));
    this.#drawChips();
    const { oneIn, jobsOf } = this.#stage.model.facts.sample;
    const of = oneIn > 1 ? `, of 1 in ${count(oneIn)} of the ${count(jobsOf)} jobs of the log` : '';
    const isKnown = this.#stage.counts !== undefined;
    const unknown = isKnown ? '' : '; the state is not known here: each job is as its own last event says';
    this.#note.textContent = `${counted(this.#list.places.length, 'job')}${of}${unknown}`;
    this.#draw();
  }

  #headCell(key: SortKey | '', title: string): HTMLElement {
    const { sort, descending } = this.query;
    if (key === '') return element('div', { role: 'columnheader', class: 'cell last' }, title);
    const isSorted = sort === key;
    const order = isSorted ? (descending ? 'descending' : 'ascending') : 'none';
    const button = element(
      'button',
      { type: 'button', class: 'sort' },
      title,
      isSorted ? (descending ? ' ↓' : ' ↑') : '',
    );
    button.addEventListener('click', () => {
      // Up, down, and back to the order of the log.
      if (isSorted && descending) this.#change({ sort: 'seq', descending: false });
      else this.#change({ sort: key, descending: isSorted });
      this.#head.querySelectorAll('button')[columns.findIndex((each) => each.key === key)]?.focus();
    });
    return element('div', { role: 'columnheader', class: `cell ${key}`, 'aria-sort': order }, button);
  }

  #drawChips(): void {
    const { byState } = this.#list;
    const held = this.#chips.contains(document.activeElement)
      ? document.activeElement?.getAttribute('data-chip')
      : undefined;
    const all = [1, 2, 3, 4].reduce((sum, state) => sum + (byState[state] ?? 0), 0);
    const chips = [this.#chip(undefined, 'all', all)];
    for (const [state, word] of stateWords.entries()) {
      const jobs = byState[state] ?? 0;
      // Rare ones only where there are some.
      if ((state === absent || state === stateWords.length - 1) && jobs === 0 && this.query.state !== state) continue;
      chips.push(this.#chip(state, word, jobs));
    }
    this.#chips.replaceChildren(...chips);
    if (held !== undefined) this.#chips.querySelector<HTMLElement>(`[data-chip="${held}"]`)?.focus();
  }

  #chip(state: number | undefined, word: string, jobs: number): HTMLElement {
    const pressed = String(this.query.state === state);
    const chip = element(
      'button',
      { type: 'button', class: 'chip', 'data-chip': state ?? 'all', 'aria-pressed': pressed },
      word,
      ' ',
      element('b', {}, count(jobs)),
    );
    chip.addEventListener('click', () => this.#change({ state }));
    return chip;
  }

  #key(key: string): boolean {
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / rowHeight) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -this.#list.places.length,
      End: this.#list.places.length,
    };
    const move = moves[key];
    if (move === undefined) {
      if (key !== 'Enter' && key !== ' ') return false;
      this.#open();
      return true;
    }
    this.#active = Math.max(0, Math.min(this.#list.places.length - 1, this.#active + move));
    this.#reveal();
    this.#draw();
    return true;
  }

  #open(): void {
    const job = this.#list.places[this.#active];
    if (job !== undefined) this.#stage.open(job);
  }

  #reveal(): void {
    const { scrollTop, clientHeight } = this.#scroller;
    const y = this.#active * rowHeight;
    if (y < scrollTop) this.#scroller.scrollTop = y;
    else if (y + 2 * rowHeight > scrollTop + clientHeight) this.#scroller.scrollTop = y + 2 * rowHeight - clientHeight;
  }

  #draw(range?: { from: number; to: number }): void {
    const { places } = this.#list;
    const { scrollTop, clientHeight } = this.#scroller;
    const from = range?.from ?? Math.max(0, Math.floor(scrollTop / rowHeight) - 4);
    const to = range?.to ?? Math.min(places.length, from + Math.ceil(clientHeight / rowHeight) + 8);
    const rows: Node[] = [];
    for (let at = from; at < to; at++) rows.push(this.#row(at, places[at] ?? -1));
    this.#body.style.height = `${(range === undefined ? places.length : to) * rowHeight}px`;
    this.#body.replaceChildren(...rows);
    this.#scroller.setAttribute('aria-rowcount', String(places.length + 1));
    if (places.length > 0) this.#scroller.setAttribute('aria-activedescendant', `job-row-${this.#active}`);
    else this.#scroller.removeAttribute('aria-activedescendant');
  }

  #row(at: number, job: number): HTMLElement {
    const { model, player } = this.#stage;
    const { jobs, rows } = model;
    const state = player.state[job] ?? 0;
    const last = player.lastRow[job] ?? -1;
    const cell = (name: string, ...children: (Node | string)[]): HTMLElement =>
      element('div', { role: 'gridcell', class: `cell ${name}` }, ...children);
    const row = element(
      'div',
      {
        role: 'row',
        id: `job-row-${at}`,
        class: at === this.#active ? 'job-row active' : 'job-row',
        'data-at': at,
        'aria-rowindex': at + 2,
        'aria-selected': job === this.#stage.job,
      },
      cell('state', element('span', { class: 'badge', 'data-state-number': state }, stateWords[state] ?? '')),
      cell('job', this.#stage.jobId(job)),
      cell('name', this.#stage.text(jobs.name[job])),
      cell('attempt', state === absent ? '' : count(player.attempt[job] ?? 0)),
      cell('enqueued', time(jobs.createdMs[job])),
      cell('changed', last < 0 ? '' : time(rows.atMs[last])),
      cell('last', lastEvent(this.#stage, last)),
    );
    row.style.transform = `translateY(${at * rowHeight}px)`;
    return row;
  }
}

/** 0: a log of another system, that knew no time. */
function time(ms: number | undefined): Node | string {
  return ms === undefined || ms === 0 ? '' : element('time', { title: timeText(ms) }, dayTimeText(ms));
}
