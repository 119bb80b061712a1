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

/** The folder that holds it; '.' where the path names none. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  const at = trimmed.lastIndexOf('/');
  return at < 0 ? '.' : at === 0 ? '/' : trimmed.slice(0, at);
}
