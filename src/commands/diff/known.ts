import type { TargetName } from '../target.ts';

/**
 * Members of a job that other systems write down. The rest of a job read from them is filled in by the reader: it must
 * not pass for a difference.
 */
const told: Readonly<Record<string, readonly string[]>> = {
  'raft-recovery-wal': ['status', 'attempt'],
  'raft-recovery-snapshot': ['status', 'attempt', 'payload', 'timeoutMs'],
  'document-log': ['status', 'attempt'],
  'document-snapshot': ['status', 'payload'],
};

/** Members that both can tell; undefined: all, because both are ours or both of the same form. */
export function knownFields(a: TargetName, b: TargetName): ReadonlySet<string> | undefined {
  if (a.format === b.format) return undefined;
  const [ofA, ofB] = [toldBy(a), toldBy(b)];
  if (ofA === undefined || ofB === undefined) return new Set(ofA ?? ofB);
  return new Set(ofA.filter((name) => ofB.includes(name)));
}

function toldBy({ format }: TargetName): readonly string[] | undefined {
  return format === undefined ? undefined : (told[format] ?? ['status']);
}
