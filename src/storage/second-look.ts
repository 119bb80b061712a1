import { type Finding, findingKey } from '../base/finding.ts';
import type { StorageEnv } from './types.ts';

/** A finding beside a live writer counts only if it is still there after these waits, milliseconds. */
const waitsMs = [50, 250];

/**
 * A writer may be at work beside us: what looks torn can be a write in flight, what is missing a file just cleaned
 * away. So findings (notes aside) count only if two later looks still have them at the same place. `lookAgain` reads
 * afresh at least what the findings still open are about, and returns all that it finds.
 */
export async function confirmed(
  env: StorageEnv,
  findings: readonly Finding[],
  lookAgain: (open: readonly Finding[]) => Promise<readonly Finding[]>,
): Promise<Finding[]> {
  let open = findings.filter((finding) => finding.severity !== 'note');
  for (const ms of waitsMs) {
    if (open.length === 0) break;
    await env.clock.sleep(ms);
    const now = new Set((await lookAgain(open)).map(findingKey));
    open = open.filter((finding) => now.has(findingKey(finding)));
  }
  const stay = new Set(open);
  return findings.filter((finding) => finding.severity === 'note' || stay.has(finding));
}
