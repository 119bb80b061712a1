import { element } from './dom.ts';
import { History } from './history.ts';
import { JobPanel } from './job.ts';
import { type SortKey, sortKeys } from './job-list.ts';
import { JobsTable } from './jobs.ts';
import { latencies } from './latency.ts';
import { readModel, stateWords } from './model.ts';
import { type Place, parsePlace, placeText } from './place.ts';
import { SegmentMap } from './segment-map.ts';
import { Stage } from './stage.ts';
import { lightForPaper, themeButton } from './theme.ts';
import { timeBar } from './time-bar.ts';

/** Browsers let a page change its address only so often. */
const keepPlaceMs = 300;

async function begin(): Promise<void> {
  const page = document.getElementById('page');
  if (page === null) return;
  document.querySelector('header.head')?.append(themeButton());
  try {
    const stage = new Stage(await readModel(document.getElementById('data')?.textContent ?? ''));
    build(page, stage);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const text = `Charts and tables cannot be shown: ${what}. They need a browser of 2023 or newer.`;
    page.replaceChildren(element('p', { class: 'notice', role: 'alert' }, text));
  }
  page.setAttribute('aria-busy', 'false');
}

function build(page: HTMLElement, stage: Stage): void {
  const place = new PlaceKeeper(stage);
  const history = new History(stage, () => place.keep());
  const jobs = new JobsTable(stage, () => place.keep());
  const job = new JobPanel(stage);
  const map = new SegmentMap(stage);
  page.replaceChildren(
    timeBar(stage),
    history.element,
    element('div', { class: 'pair' }, map.element, latencies(stage.model)),
    element('div', { class: 'pair' }, jobs.element, job.element),
    element(
      'p',
      { class: 'keys dim' },
      'Keys: ← → step through the events, / searches jobs, Enter opens a job, Esc closes it.',
    ),
  );
  place.attach(history, jobs);
  for (const item of document.querySelectorAll('[data-fault]')) linkFault(item, stage, map);
  listenToKeys(stage, jobs, job);
  let afterwards = (): void => {};
  addEventListener('beforeprint', () => {
    jobs.print(true);
    afterwards = lightForPaper();
  });
  addEventListener('afterprint', () => {
    jobs.print(false);
    afterwards();
  });
}

/** From a fault that is told in the head of the page to its place on the map. */
function linkFault(item: Element, stage: Stage, map: SegmentMap): void {
  const fault = Number(item.getAttribute('data-fault'));
  const { segment, severity } = stage.model.facts.faults[fault] ?? {};
  if (segment === undefined || severity === 'note') return;
  const button = element('button', { type: 'button', class: 'link shown' }, 'show on the map');
  button.addEventListener('click', () => map.show(fault));
  item.append(button);
}

function listenToKeys(stage: Stage, jobs: JobsTable, job: JobPanel): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { key, target } = event;
    const movesItself = target instanceof Element && target.closest('input, [role=slider], [role=grid]') !== null;
    if (key === '/' && !isTyped(target)) jobs.focusSearch();
    else if (key === 'Escape' && !isTyped(target)) job.close();
    else if (key === 'ArrowLeft' && !movesItself) stage.moveTo(stage.position - 1);
    else if (key === 'ArrowRight' && !movesItself) stage.moveTo(stage.position + 1);
    else return;
    event.preventDefault();
  });
}

/** Is this where a character is written? */
function isTyped(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input:not([type=range], [type=radio])') !== null;
}

/** Keeps the address of the page and what it shows the same. */
class PlaceKeeper {
  readonly #stage: Stage;
  #parts: { history: History; jobs: JobsTable } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #written = '';

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  attach(history: History, jobs: JobsTable): void {
    this.#parts = { history, jobs };
    this.#go(parsePlace(location.hash));
    this.#stage.onMove(() => this.keep());
    this.#stage.onJob(() => this.keep());
    addEventListener('hashchange', () => {
      if (location.hash !== this.#written) this.#go(parsePlace(location.hash));
    });
  }

  keep(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#write(), keepPlaceMs);
  }

  #write(): void {
    if (this.#parts === undefined) return;
    const { history, jobs } = this.#parts;
    const { query } = jobs;
    const { job, position, last, seq } = this.#stage;
    const text = placeText({
      ...(position !== last && { seq }),
      ...(job >= 0 && { job: this.#stage.jobId(job) }),
      ...(history.across !== history.usual && { across: history.across }),
      search: query.search,
      ...(query.state !== undefined && { state: stateWords[query.state] ?? '' }),
      ...(query.sort !== 'seq' && { sort: `${query.descending ? '-' : ''}${query.sort}` }),
    });
    this.#written = text === '' ? '' : `#${text}`;
    window.history.replaceState(null, '', text === '' ? location.pathname + location.search : this.#written);
  }

  #go({ seq, job, across, search, state, sort }: Place): void {
    if (this.#parts === undefined) return;
    const { history, jobs } = this.#parts;
    if (across !== undefined) history.across = across;
    const number = stateWords.indexOf(state ?? '-');
    const key = sort?.replace(/^-/, '');
    jobs.query.search = search?.toLowerCase() ?? '';
    jobs.query.state = number < 0 ? undefined : number;
    jobs.query.sort = sortKeys.find((each): each is SortKey => each === key) ?? 'seq';
    jobs.query.descending = sort?.startsWith('-') === true;
    jobs.refresh();
    if (seq !== undefined) this.#stage.moveToSeq(seq);
    const found = job === undefined ? -1 : this.#stage.model.facts.ids.lastIndexOf(job);
    if (found >= 0) this.#stage.open(found, false);
  }
}

void begin();
