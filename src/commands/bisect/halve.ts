import type { Answer } from './types.ts';

/** What a search has come to: good at `good`, bad at `bad`, and nothing between them that can tell. */
export interface Found {
  good: number;
  bad: number;
  /** Points between them that were skipped; none of them left untried, unless there were too many. */
  skipped: number[];
}

/** Points between the two that could not tell: with so many the search is given up. */
const skippedMax = 100;
/** So few points are tried one by one. */
const fewPoints = 64;

/**
 * Halves the points between one that is known to be good and one known to be bad, until two neighbours are left, or
 * only skipped ones between them. `points`, ascending, are those that may be asked; without them all are. `ask` hears
 * how many points lie between the two.
 *
 * Whatever the answers are, `good` was answered good and `bad` bad: with no skipped point between them the change lies
 * there. That it is the only one, nobody can know without asking everywhere.
 */
export async function halve(
  between: { good: number; bad: number },
  points: readonly number[] | undefined,
  ask: (point: number, between: number) => Promise<Answer>,
): Promise<Found> {
  let { good, bad } = between;
  const skipped = new Set<number>();
  for (;;) {
    for (const each of skipped) if (each <= good || each >= bad) skipped.delete(each);
    const point = skipped.size >= skippedMax ? undefined : choose(good, bad, points, skipped);
    if (point === undefined) return { good, bad, skipped: [...skipped].sort((a, b) => a - b) };
    const answer = await ask(point, bad - good - 1);
    if (answer === 'good') good = point;
    else if (answer === 'bad') bad = point;
    else skipped.add(point);
  }
}

/** The middle one; where that was skipped, another one that is far from those skipped. */
function choose(
  good: number,
  bad: number,
  points: readonly number[] | undefined,
  skipped: ReadonlySet<number>,
): number | undefined {
  const inside = points?.filter((point) => point > good && point < bad && !skipped.has(point));
  if (inside !== undefined) return inside[Math.floor(inside.length / 2)];
  const count = bad - good - 1;
  if (count <= skipped.size) return undefined;
  const middle = good + 1 + Math.floor(count / 2);
  if (!skipped.has(middle)) return middle;
  if (count <= fewPoints) {
    for (let step = 1; step <= count; step++) {
      for (const point of [middle - step, middle + step]) {
        if (point > good && point < bad && !skipped.has(point)) return point;
      }
    }
    return undefined;
  }
  for (let nth = 2; ; nth++) {
    const point = good + 1 + Math.floor(spread(nth) * count);
    if (!skipped.has(point)) return point;
  }
}

/** 1/2, 1/4, 3/4, 1/8, 5/8, ...: each lies in the middle of the widest gap that the ones before have left. */
function spread(nth: number): number {
  let value = 0;
  let share = 0.5;
  for (let rest = nth; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) value += share;
    share /= 2;
  }
  return value;
}

/** Answers that a search of so many points needs at the most, if nothing is skipped. */
export function probesFor(count: number): number {
  return count < 1 ? 0 : Math.ceil(Math.log2(count + 1));
}
