import { counted } from '../../text.ts';
import { spanText } from './format.ts';
import { stateWords } from './model.ts';
import type { Stage } from './stage.ts';

/** What is said of one event in more than one place of the page. */

const ends = new Set(['ACK', 'RETRY', 'DEAD', 'TIMEOUT']);

/** `attempt 2 · waited 1.5s`, `took 300ms · again in 2s`: what the columns hold beside the details. */
function measures(stage: Stage, row: number): string[] {
  const { rows } = stage.model;
  const type = stage.typeName(row);
  const parts: string[] = [];
  const [attempt = -1, ms = -1, later = 0] = [rows.attempt[row], rows.ms[row], rows.laterMs[row]];
  if (type === 'DISPATCH' && attempt > 0) parts.push(`attempt ${attempt}`);
  if (type === 'DISPATCH' && ms >= 0) parts.push(`waited ${spanText(ms)}`);
  if (ends.has(type) && ms >= 0) parts.push(`took ${spanText(ms)}`);
  if (later > 0) parts.push(type === 'RETRY' ? `again in ${spanText(later)}` : `not before ${spanText(later)} later`);
  return parts;
}

export function eventDetails(stage: Stage, row: number): string {
  const text = stage.text(stage.model.rows.text[row]);
  return [...measures(stage, row), ...(text === '' ? [] : [text])].join(' · ');
}

/** `ACK took 300ms`, as the table of jobs shows and searches it. */
export function lastEvent(stage: Stage, row: number): string {
  return row < 0 ? '' : `${stage.typeName(row)} ${eventDetails(stage, row)}`;
}

/** `seq 12, ACK job_3, took 300ms`: for those who hear the page. */
export function spoken(stage: Stage): string {
  const { row } = stage;
  if (row < 0) return `before the first event, seq ${stage.seq}`;
  const job = stage.model.rows.job[row] ?? -1;
  const about = job < 0 ? '' : ` ${stage.jobId(job)}`;
  return `seq ${stage.seq}, ${stage.typeName(row)}${about}`;
}

/** Where `most` is 0 it is not known. Called back from the dead a job may begin more often than it was to. */
function attemptsText(attempts: number, most: number): string {
  if (most === 0) return counted(attempts, 'attempt');
  return attempts > most
    ? `${counted(attempts, 'attempt')} (it had ${most})`
    : `${attempts} of ${counted(most, 'attempt')}`;
}

export function jobSummary(stage: Stage, job: number): string {
  const state = stateWords[stage.player.state[job] ?? 0] ?? '';
  const attempts = stage.player.attempt[job] ?? 0;
  const most = stage.model.jobs.maxAttempts[job] ?? 0;
  return `${state} · ${attemptsText(attempts, most)}`;
}
