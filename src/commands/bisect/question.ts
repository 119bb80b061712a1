import type { QueueMachine } from '../../queue/state/machine.ts';
import { compileWhere, type Seen } from '../where/compile.ts';
import { storedJobFields, withoutMoment } from '../where/job-fields.ts';
import { totalFields, withoutClock } from '../where/total-fields.ts';

/** What is asked about a state: the answer depends on the state alone, and costs the same however large it is. */
export interface Question {
  holds(machine: QueueMachine): boolean;
  look(machine: QueueMachine): Seen[];
}

export interface QuestionText {
  where: string;
  /** About this job; it does not hold while there is none. Absent: about all jobs, counted. */
  job?: string;
}

/** Throws E_WHERE (2). */
export function questionOf({ where: text, job: id }: QuestionText, nowMs: number): Question {
  if (id === undefined) return compileWhere(totalFields, { flag: '--where', text, without: withoutClock }, nowMs);
  const { holds, look } = compileWhere(storedJobFields, { flag: '--where', text, without: withoutMoment }, nowMs);
  return {
    holds(machine) {
      const job = machine.get(id);
      return job !== undefined && holds(job);
    },
    look(machine) {
      const job = machine.get(id);
      return job === undefined ? [{ name: 'id', kind: 'text' }] : look(job);
    },
  };
}
