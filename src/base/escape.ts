/**
 * What must never reach a terminal as it is: C0 and C1 controls and DEL (escape sequences, line breaks), line and
 * paragraph separator, the marks that reorder text (bidi), invisible fillers that hide or join text (zero-width
 * space, BOM, soft hyphen, tags), and lone surrogates. The backslash is not in the set, so the result shows `\x1b`
 * for ESC and also for the four characters a user wrote: this is a form to read, not one to decode. In exchange
 * escaping twice is escaping once, and layers need not agree who does it.
 */
const unsafeRanges = [
  '\\u0000-\\u001f\\u007f-\\u009f',
  '\\u00ad\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164',
  '\\ufeff\\uffa0\\ufff0-\\ufffb\\u{e0000}-\\u{e0fff}',
  '\\ud800-\\udfff',
];
const unsafe = new RegExp(`[${unsafeRanges.join('')}]`, 'u');
const unsafeAll = new RegExp(unsafe.source, 'gu');

/**
 * Makes any text safe for one line of a terminal. Printable Unicode stays; what is unsafe becomes `\xNN` (below
 * 0x100) or `\u{N}`, lower-case hex. Idempotent. Joiners (U+200C, U+200D) stay: emoji and several scripts need them.
 */
export function escapeText(text: string): string {
  return unsafe.test(text) ? text.replace(unsafeAll, escapeCharacter) : text;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * `escapeText`, cut to at most `lengthMax` characters with an ellipsis: for bytes of unknown origin inside a message.
 */
export function excerpt(text: string, lengthMax = 40): string {
  const cut = text.length > lengthMax * 2 ? text.slice(0, lengthMax * 2) : text;
  const characters = [...escapeText(cut)];
  return characters.length > lengthMax || cut !== text
    ? `${characters.slice(0, lengthMax).join('')}…`
    : characters.join('');
}
