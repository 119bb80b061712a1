/**
 * Paths as plain strings with '/' between the parts. Never normalised: what the user wrote is what messages show and
 * what the system is asked for.
 */

/** Empty parts are left out. */
export function join(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folder that holds it; '.' where the path names none. Of '.' and '..' it is a step up, not a part less. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path === '' ? '.' : '/';
  const at = trimmed.lastIndexOf('/');
  if (/^\.\.?$/.test(trimmed.slice(at + 1))) return `${trimmed}/..`;
  return at < 0 ? '.' : at === 0 ? '/' : trimmed.slice(0, at);
}
