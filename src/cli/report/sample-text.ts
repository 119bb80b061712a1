import type { Sample } from '../../commands/report/types.ts';
import { count, counted } from '../text.ts';

/** What a page lacks of the log it was made of, and how that was chosen. Empty where it lacks nothing. */
export function sampleText(sample: Sample): string[] {
  const { events, eventsOf, jobs, jobsOf, oneIn, tail, textsCut } = sample;
  const texts: string[] = [];
  if (oneIn > 1) {
    texts.push(
      `sampled: ${count(events)} of ${count(eventsOf)} events are in this page one by one, those of ${count(jobs)} of ` +
        `${count(jobsOf)} jobs: 1 in ${count(oneIn)}, chosen by a hash of the id, and the last ${count(tail)} events whatever ` +
        'their job. Counts, totals and latencies are those of all events',
    );
  }
  if (textsCut > 0) texts.push(`${counted(textsCut, 'long text')} cut short`);
  return texts;
}

/** How fine the map of frames is, where a frame is not a piece of its own. */
export function mapText({ framesMerged }: Sample): string | undefined {
  return framesMerged > 1 ? `the map of segments has pieces of up to ${counted(framesMerged, 'frame')}` : undefined;
}
