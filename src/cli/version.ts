import { createRequire } from 'node:module';

/** The version in package.json, two folders above both src/cli and dist/js. */
export function version(): string {
  const manifest: unknown = createRequire(import.meta.url)('../../package.json');
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  return 'unknown';
}
