import { formatDuration, roughly } from '../../../base/duration.ts';
import { isoTime } from '../../text.ts';

/** '2026-09-01 03:00:00.125Z': as the command line says it, but for the gap that makes it readable. */
export function timeText(ms: number): string {
  return isoTime(ms).replace('T', ' ');
}

/** '09-01 03:00:00.125', for a time whose year is known already. */
export function dayTimeText(ms: number): string {
  return timeText(ms).slice(5, 23);
}

/** '03:00:00.125', for a time whose day is known already. */
export function clockText(ms: number): string {
  return timeText(ms).slice(11, 23);
}

/** '1.25s', '340ms', '2h5m'. */
export function spanText(ms: number): string {
  return ms < 60_000 ? formatDuration(ms) : roughly(ms);
}

/** A label for a mark of a time axis: no finer than the distance between marks. */
export function axisTime(ms: number, stepMs: number, firstOfDay: boolean): string {
  const text = timeText(ms);
  if (stepMs >= 86_400_000) return text.slice(0, 10);
  const clock = stepMs >= 60_000 ? text.slice(11, 16) : stepMs >= 1000 ? text.slice(11, 19) : text.slice(11, 23);
  return firstOfDay ? `${text.slice(5, 10)} ${clock}` : clock;
}

const timeSteps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
];

/** The step of a time axis on which at most so many marks fall. */
export function timeStep(spanMs: number, marks: number): number {
  const found = timeSteps.find((step) => spanMs / step <= marks);
  if (found !== undefined) return found;
  return niceStep(spanMs / 86_400_000, marks) * 86_400_000;
}

/** 1, 2 or 5 times a power of ten, whole: at most so many steps on the span. */
export function niceStep(span: number, marks: number): number {
  const rough = Math.max(1, span / Math.max(1, marks));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10;
  return step * power;
}
