import type { CodeEntry } from '../base/errors.ts';

const ended: CodeEntry = {
  title: 'ended by HUP (the terminal was closed), INT (Ctrl-C) or TERM',
  explain: 'A signal ended the command: 129 is HUP, 130 is INT, 143 is TERM. What is on disk stays.',
  next: 'Run it again.',
};

/** Exit codes, as docs/exit-codes.md has them. */
const exits: Readonly<Record<string, CodeEntry>> = {
  '0': {
    title: 'done, and healthy',
    explain:
      'The log is clean, or padded with zeros, or a live writer is at work; a repair succeeded; a graceful stop finished.',
    next: 'Nothing.',
  },
  '1': {
    title: 'it ran, but the work failed or found nothing',
    explain:
      'A job ended dead under --drain or wait, no event or job matches, a --check failed, or there is no such store or file.',
    next: 'Read the message; walq help E_CODE explains the code in brackets.',
  },
  '2': {
    title: 'usage',
    explain: 'A flag is unknown, a value or selector is bad, or the command cannot work on this kind of file.',
    next: 'Read the message: it names the flag, the value and what is allowed.',
  },
  '3': {
    title: 'damage that no crash explains, or that cannot be told from it; a file of no known kind',
    explain: 'The verdict word says which: CORRUPT, AMBIGUOUS, DEGRADED or NO BASE.',
    next: 'walq doctor STORE says what is lost and what to do. walq help CORRUPT (or another verdict) explains the word.',
  },
  '4': {
    title: 'TORN tail only',
    explain: 'The last write did not reach the disk whole. Nothing acknowledged is lost, and it is safe to trim.',
    next: 'Nothing: the next writer trims it. walq wal repair STORE --apply does so at once.',
  },
  '5': {
    title: 'a file of a newer walq',
    explain: 'The file is whole, but in a format this version does not know.',
    next: 'Use the newer walq.',
  },
  '6': {
    title: 'the store is locked by another process',
    explain: 'The message names the process. Reading needs no lock.',
    next: 'Wait for that process or stop it; --lock-timeout waits longer.',
  },
  '7': {
    title: 'refused',
    explain:
      'The command needs --apply or --yes, a plan no longer fits the files, a file exists, a folder is not empty, or others can write to a run folder.',
    next: 'Read the message: it shows what to do.',
  },
  '70': {
    title: 'a bug in walq',
    explain: 'Something failed that neither input nor disk may cause to fail. The stack is shown.',
    next: 'Report it, with the stack and the command.',
  },
  '74': {
    title: 'input/output error, disk full, durability unknown',
    explain: 'The operating system refused an operation on a file. The message names the file and the reason.',
    next: 'Remove the cause and run the command again.',
  },
  '129': ended,
  '130': ended,
  '143': ended,
};

/** Words of verify and doctor, as docs/exit-codes.md has them; and those that stand before a finding. */
const verdicts: Readonly<Record<string, CodeEntry>> = {
  OK: {
    title: 'healthy',
    explain: 'The log is clean, or has zeros after the last frame and nothing else. Exit 0.',
    next: 'Nothing.',
  },
  NOTE: {
    title: 'worth knowing, no fault',
    explain: 'A finding that changes no verdict. Exit 0, or 1 under wal verify --fail-on note.',
    next: 'Nothing.',
  },
  TORN: {
    title: 'the last, unacknowledged write is incomplete',
    explain: 'A crash or a power failure does that. Nothing acknowledged is lost. Exit 4.',
    next: 'Nothing: the next writer trims it. walq wal repair STORE --apply does so at once.',
  },
  DEGRADED: {
    title: 'a snapshot is bad, nothing is lost',
    explain: 'An older snapshot, or the log, gives the same state. Exit 3.',
    next: 'walq snapshot create STORE writes a good one; walq wal verify STORE names the bad one.',
  },
  AMBIGUOUS: {
    title: 'the last write is unreadable',
    explain: 'Nothing proves whether it was acknowledged. Exit 3.',
    next: 'walq doctor STORE; then walq wal repair STORE --apply --yes, if the last write may go.',
  },
  'NO BASE': {
    title: 'the log begins after seq 1 and no snapshot covers what came before',
    explain: 'No good snapshot covers what came before, so the state cannot be built. Exit 3.',
    next: 'Put the missing snapshot or segments back, for example from a backup; walq doctor STORE says what else helps.',
  },
  CORRUPT: {
    title: 'bytes that were durable are damaged or gone',
    explain:
      'The line lost: counts what is lost, and nothing else is. Writing is refused until it is repaired. Exit 3.',
    next: 'walq doctor STORE says what is lost and names the next command.',
  },
  NEWER: {
    title: 'written by a newer walq',
    explain: 'The files are whole, but in a format this version does not know. Exit 5.',
    next: 'Use the newer walq.',
  },
};

/** An exit code or a verdict, as `walq help` explains it. */
export interface OutcomeHelp extends CodeEntry {
  code: string;
}

/** Case does not count; `no-base` is NO BASE. Undefined for any other word. */
export function explainOutcome(text: string): OutcomeHelp | undefined {
  const code = text.toUpperCase().replaceAll(/[-_]/g, ' ');
  for (const catalogue of [exits, verdicts]) {
    const entry = Object.hasOwn(catalogue, code) ? catalogue[code] : undefined;
    if (entry !== undefined) return { code, ...entry };
  }
  return undefined;
}

export function allOutcomes(): string[] {
  return [...Object.keys(exits), ...Object.keys(verdicts)];
}
