import { type Finding, findingError } from '../base/finding.ts';
import type { SnapshotHeader } from './snapshot/codec.ts';
import { type StoreFileResult, type StoreIdentity, storeFileName } from './store-file.ts';
import type { SegmentHeader } from './wal/format.ts';
import type { FoundSlot } from './wal/head.ts';

/** Whose a store is: what STORE.json says, held against all others that name a store. */

/** Of which store something is, and since when. */
export type Owner = Pick<SegmentHeader, 'storeId' | 'createdMs'>;

/** Besides the headers of segments, snapshots and HEAD say whose they are. */
export function ownersOf(head: FoundSlot | undefined, snapshots: readonly { header?: SnapshotHeader }[]): Owner[] {
  const owners: Owner[] = snapshots.flatMap(({ header }) => header ?? []);
  return head === undefined ? owners : [...owners, { storeId: head.storeId, createdMs: 0 }];
}

/** Those of the store that most of the files name; undefined where two are named as often. */
export function mostNamed(owners: readonly Owner[]): Owner[] | undefined {
  const byId = new Map<string, Owner[]>();
  for (const owner of owners) byId.set(owner.storeId, [...(byId.get(owner.storeId) ?? []), owner]);
  const [most, next] = [...byId.values()].sort((a, b) => b.length - a.length);
  return most !== undefined && most.length > (next?.length ?? 0) ? most : undefined;
}

/**
 * Headers of segments and snapshots, and HEAD, hold the id too. Where STORE.json cannot be used, or is of another store
 * than HEAD and all of the segments, readers go on with that; a writer refuses.
 */
export function identify(
  store: StoreFileResult,
  owners: readonly Owner[],
  idInHead: string | undefined,
): { identity: StoreIdentity; findings: Finding[] } {
  const file = storeFileName;
  const [first] = owners;
  if (store.state === 'good') {
    const { identity } = store;
    if (idInHead === undefined || idInHead === identity.id) return { identity, findings: [] };
    if (first === undefined || !owners.every(({ storeId }) => storeId === idInHead)) return { identity, findings: [] };
    const message = 'STORE.json is of another store than HEAD and every segment';
    const finding: Finding = { code: 'E_STORE_BAD', severity: 'corrupt', file, message };
    const ids = { got: identity.id, expected: idInHead };
    return { identity: { id: idInHead, createdMs: first.createdMs }, findings: [{ ...finding, ...ids }] };
  }
  if (store.state === 'newer') {
    const got = `version ${store.version}`;
    throw findingError([
      { code: 'E_NEWER_FORMAT', severity: 'newer', file, message: 'store is of a newer format', got, offset: 0 },
    ]);
  }
  const missing = store.state === 'missing';
  const finding: Finding = {
    code: missing ? 'E_STORE_MISSING' : 'E_STORE_BAD',
    severity: 'corrupt',
    file,
    message: missing
      ? 'STORE.json is missing; the log is judged by the id that the other files hold'
      : `STORE.json is damaged: ${store.why}`,
  };
  if (first === undefined) throw findingError([finding]);
  return { identity: { id: first.storeId, createdMs: first.createdMs }, findings: [finding] };
}
