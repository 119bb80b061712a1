import type { SeqValue } from '../seq.ts';
import { checksumOf } from './checksum.ts';

/** Texts as Go's json.Encoder writes them. */

/**
 * Go escapes `<>&`, U+2028 and U+2029, so that JSON can stand in a page. Outside of strings JSON has none of them, so
 * the text can be taken as a whole.
 */
export function goJson(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** One line of a log, without its end; `seq` counts from 1 in each file. */
export function walLine(seq: SeqValue, type: string, jobId: string, timeMs: number): string {
  const id = goJson(JSON.stringify(jobId));
  const checksum = checksumOf(type, jobId, seq);
  return `{"seq":${seq},"type":"${type}","job_id":${id},"timestamp":${timeMs},"checksum":${checksum}}`;
}
