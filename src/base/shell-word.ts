/** A path or word as it can be pasted into a POSIX shell: quoted when it must be. */
export function shellWord(text: string): string {
  if (text === '-') return text;
  return /^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
