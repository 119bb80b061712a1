import { escapeText } from './escape.ts';

/**
 * A word as it can be pasted into a shell: quoted when it must be. What no terminal may show as it is, a line break
 * say, is spelled out: POSIX has `$'...'` since 2024, bash, zsh and ksh have had it for long.
 */
export function shellWord(text: string): string {
  if (text === '-') return text;
  if (/^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-')) return text;
  if (escapeText(text) === text) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${[...text].map(spelledOut).join('')}'`;
}

/** A path: one that begins with `-` is not taken for a flag; `-` alone is standard input. */
export function shellPath(path: string): string {
  return shellWord(path.startsWith('-') && path !== '-' ? `./${path}` : path);
}

/** No id that begins with `-` is taken for a flag either. It has to be the last word of the command. */
export function shellId(id: string): string {
  return id.startsWith('-') ? `-- ${shellWord(id)}` : shellWord(id);
}

function spelledOut(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`;
  if (escapeText(character) === character) return character;
  return [...new TextEncoder().encode(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
