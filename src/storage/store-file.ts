import { crcOf, hex32 } from '../base/bytes.ts';
import { join } from '../base/path.ts';
import { readSmall } from '../fs/read.ts';
import type { FileSystem } from '../fs/types.ts';
import { writeAtomic } from '../fs/write.ts';

/** STORE.json: what makes a folder a store. Its text is fixed to the byte, so that its checksum covers all of it. */

/** Stands where the id of a store must, and there is none: in the snapshot of a foreign log, say. */
export const noStoreId = '0'.repeat(32);

export const storeFileName = 'STORE.json';
const storeVersion = 1;
const bytesMax = 4096;

export interface StoreIdentity {
  /** 32 hex digits. */
  id: string;
  createdMs: number;
}

export function encodeStoreFile(identity: StoreIdentity): Uint8Array {
  const head = `{"format":"walq-store","version":${storeVersion},"id":"${identity.id}","created":${identity.createdMs}`;
  return Buffer.from(`${head},"crc":"${hex32(crcOf(Buffer.from(head)))}"}\n`);
}

export type StoreFileResult =
  | { state: 'good'; identity: StoreIdentity }
  | { state: 'missing' }
  | { state: 'bad'; why: string }
  | { state: 'newer'; version: number };

function decodeStoreFile(bytes: Uint8Array): StoreFileResult {
  const text = Buffer.from(bytes).toString('latin1');
  const match = /^(\{"format":"walq-store","version":(\d{1,9}).*),"crc":"([0-9a-f]{8})"\}\n$/.exec(text);
  if (!match) return { state: 'bad', why: text === '' ? 'file is empty' : 'text is not of the expected form' };
  const expected = hex32(crcOf(Buffer.from(match[1] ?? '', 'latin1')));
  if (expected !== match[3]) return { state: 'bad', why: `checksum mismatch, got ${expected}, expected ${match[3]}` };
  if (Number(match[2]) > storeVersion) return { state: 'newer', version: Number(match[2]) };
  const fields = /"id":"([0-9a-f]{32})","created":(\d{1,16})$/.exec(match[1] ?? '');
  if (!fields) return { state: 'bad', why: 'text is not of the expected form' };
  return { state: 'good', identity: { id: fields[1] ?? '', createdMs: Number(fields[2]) } };
}

/** Rejects with E_READ when the file is there and cannot be read. */
export async function readStoreFile(fs: FileSystem, storeDir: string): Promise<StoreFileResult> {
  const bytes = await readSmall(fs, join(storeDir, storeFileName), bytesMax);
  return bytes === undefined ? { state: 'missing' } : decodeStoreFile(bytes);
}

export async function writeStoreFile(fs: FileSystem, storeDir: string, identity: StoreIdentity): Promise<void> {
  await writeAtomic(fs, storeDir, storeFileName, encodeStoreFile(identity));
}
