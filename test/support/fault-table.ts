/**
 * Every kind of fault that walq has to survive, and what each must look like afterwards. A test that tries one says so
 * (tried.ts); docs/reliability.md is made of this table and of what the tests said.
 *
 * For all of them: acknowledged ⊆ recovered ⊆ issued, in order and without a hole; a crash is never called corrupt;
 * damage to what was certified is never called torn; opening twice changes nothing more; a refused open leaves every
 * file as it was.
 */
export const faultTable = {
  'kill-9': [
    'SIGKILL at every system call of create, append, rotate, snapshot, compact, repair, backup, restore',
    'opens',
  ],
  'power-loss': [
    'power loss at every operation; none, all, each prefix, all but one, only one of the unsynced',
    'opens',
  ],
  'torn-sectors': [
    'every subset of the sectors of the last write, old or new size, zeros or old bytes',
    'opens, or torn',
  ],
  'garbage-sectors': ['the same, filled with garbage', 'torn or ambiguous, never corrupt'],
  'unsynced-names': ['unsynced create, rename, unlink lost or in another order', 'opens, or degraded'],
  'crash-in-recovery': ['a crash inside recovery or repair, two deep', 'opens, same result'],
  'cut-active': ['the last segment cut at every byte', 'torn, or corrupt below the certified end'],
  'cut-sealed': ['a sealed segment cut at every byte', 'corrupt'],
  'flip-bit': ['every bit flipped, in every kind of file', 'found, named at its place'],
  'heal-one-bit': ['every bit of a log flipped, then repair --mode heal', 'healed to the byte'],
  'heal-other-damage': ['two bits, or random bytes, then repair --mode heal', 'no bit turned that was not flipped'],
  salvage: ['each frame, header and segment of a log destroyed, then salvage', 'all the rest, whole and writable'],
  'bad-block': ['each 512 B and 4 KiB block zeroed, 0xFF, random', 'found, named at its place'],
  'zero-tail': ['zeros after the log; zeros, then other bytes', 'clean, or as torn sectors'],
  'moved-bytes': ['a block, frame or file doubled, swapped, taken from another store', 'corrupt'],
  'lying-sync': ['a sync that lied for one frame; a frame at a wrong offset', 'corrupt'],
  'disk-full': ['no space at the Nth write, create, rename; space returns', 'batch rejected, then opens'],
  'write-error': ['I/O error at the Nth write, sync, close, rename, truncate', 'poisoned; nothing deleted'],
  'sync-error': ['a sync that fails, then "succeeds" with pages dropped', 'nothing acknowledged is lost'],
  'read-error': ['I/O error, short read, no permission at the Nth read of an opening', 'I/O error, nothing touched'],
  'short-write': ['short writes of every length, and of 0 bytes', 'no hole'],
  'record-length': ['records over the limit; hostile length fields', 'refused before a byte; bounded memory'],
  'hostile-text': [
    'deep JSON, huge counts, NUL, bad UTF-8, lone surrogates, terminal escapes',
    'refused or shown escaped',
  ],
  'two-writers': ['two writers in one process, in two; a stopped one; the lock file deleted', 'second refused'],
  'live-reader': ['verify and inspect in a loop beside a writer at full speed', 'no false alarm, no write'],
  'missing-segment': [
    'first, middle, last segment missing; unlinks of a cleaning out of order',
    'no base, corrupt; opens',
  ],
  'wrong-seq': ['a seq doubled, jumped, stepping back; an unknown type', 'corrupt; refused or skipped'],
  'snapshot-apart': [
    'snapshot newer than the log, log that starts after it, stale snapshot',
    'refused; refused; opens',
  ],
  'bad-snapshot': [
    'newest snapshot cut, flipped, empty, of another store, misnamed',
    'older one and log: same state, degraded',
  ],
  'missing-identity': ['only STORE.json left; STORE.json gone; empty folder', 'refused; refused; fresh'],
  'foreign-files': ['leftover .tmp, foreign files, read-only folder, links', 'ignored, or one clear error'],
  clock: ['clock backwards, ten years ahead, equal milliseconds; a delay of 30 days', 'order by seq; not early'],
  'compact-killed': [
    'compaction killed at each step; the newest snapshot fails its check',
    'nothing lost, nothing deleted',
  ],
  versions: ['an older format, a newer one, a mix', 'opens; exit 5; opens'],
  'origin-files': ["the origin's files: torn, glued, restarted, rotated", 'reported exactly'],
  handlers: [
    'a job that hangs, forks, ignores TERM, floods, dies by signal; runner killed',
    'group ended; orphans first',
  ],
  socket: [
    'garbage, half messages, 100 clients, stalls, long paths, another store; 40 one-shots',
    'hurts only its own',
  ],
  'same-batch': ['two operations on one job or key in one batch', 'second sees the first'],
  'lease-and-others': [
    'a leased job while other commands open and close the store',
    'lease untouched until its deadline',
  ],
  'copy-under-load': [
    'a backup, or a plain copy, of a store under load',
    'backup verifies clean; copy never silently wrong',
  ],
} as const satisfies Readonly<Record<string, readonly [fault: string, expected: string]>>;

export type Fault = keyof typeof faultTable;
