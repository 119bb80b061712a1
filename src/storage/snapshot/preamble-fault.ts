import type { Code } from '../../base/code.ts';
import { decodePreamble, preambleBytes } from '../preamble.ts';
import type { Fault } from './block-types.ts';
import { snapshotMagic, snapshotVersion } from './codec.ts';

/** A magic in quotes, whatever its bytes: it may end on a terminal. */
function printable(text: string): string {
  const escaped = (char: string) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return `"${text.replace(/[^ !#-[\]-~]/g, escaped)}"`;
}

/** `bytes` are the first of the file, at least one. A cut file that began as a snapshot is no fault here. */
export function preambleFault(bytes: Buffer): (Fault & { code: Code }) | undefined {
  if (bytes.length < preambleBytes && snapshotMagic.startsWith(bytes.toString('latin1', 0, 8))) return undefined;
  const found = decodePreamble(bytes);
  const expected = printable(snapshotMagic);
  if (found === 'bad-crc' || found === 'cut') {
    const got = printable(bytes.toString('latin1', 0, 8));
    const message = 'no snapshot, or its first 16 bytes are damaged';
    return { code: 'E_SNAPSHOT_HEADER', message, got, expected };
  }
  if (found.magic !== snapshotMagic) {
    const got = printable(found.magic);
    return { code: 'E_SNAPSHOT_HEADER', message: 'another kind of file', got, expected };
  }
  const { version, oldestReader } = found;
  if (version < 1 || oldestReader < 1 || oldestReader > version) {
    const got = `version ${version}, oldest reader ${oldestReader}`;
    return { code: 'E_SNAPSHOT_HEADER', message: 'impossible version', got, expected: '1 <= oldest reader <= version' };
  }
  if (oldestReader > snapshotVersion) {
    const message = 'written in a newer format';
    const got = `version ${version}, readable from ${oldestReader}`;
    return { code: 'E_NEWER_FORMAT', message, got, expected: `readable from ${snapshotVersion}` };
  }
  return undefined;
}
