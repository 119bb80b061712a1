import { createHash } from 'node:crypto';
import { loneSurrogate } from '../base/clamp-text.ts';
import { eventLimits } from '../queue/events/event-types.ts';

const loneSurrogates = /[\ud800-\udfff]/gu;
const keptChars = 48;

/**
 * Foreign job ids in a form that our log can hold: not empty, at most 256 bytes, no NUL, well-formed. Most stay as they
 * are; the others become `beginning~hash`, the same for the same id in every file, and are remembered.
 */
export class ForeignIds {
  /** New id -> id in the foreign file. */
  readonly renamed = new Map<string, string>();

  map(id: string): string {
    if (id !== '' && id.length <= 64 && !id.includes('\0') && !loneSurrogate.test(id)) return id;
    const clean = id.replaceAll('\0', '\u2400').replace(loneSurrogates, '\ufffd');
    if (clean === id && id !== '' && Buffer.byteLength(id) <= eventLimits.idBytes) return id;
    const hash = createHash('sha256').update(id, 'utf16le').digest('hex').slice(0, 12);
    const mapped = `${[...clean].slice(0, keptChars).join('')}~${hash}`;
    this.renamed.set(mapped, id);
    return mapped;
  }

  /** The id as the foreign file has it. */
  original(id: string): string {
    return this.renamed.get(id) ?? id;
  }
}
