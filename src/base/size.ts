import { usageError } from './errors.ts';

const sizeForms =
  "allowed are forms like '512', '10k', '64MiB', '1.5GiB' " +
  '(k M G T and KiB MiB GiB TiB count 1024, kB MB GB TB 1000)';

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
};

/**
 * '64MiB' -> 67108864, '10k' -> 10240, '10kB' -> 10000, '512' -> 512. Case does not matter; decimals may not leave a
 * fraction of a byte. `what` names the flag or field in the message. Throws usageError E_SIZE.
 */
export function parseBytes(text: string, what = 'size'): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]{0,3})$/i.exec(text);
  const unit = match === null ? undefined : byteUnits[(match[2] ?? '').toLowerCase()];
  const bytes = unit === undefined ? Number.NaN : Number(match?.[1]) * unit;
  if (!Number.isSafeInteger(bytes)) {
    throw usageError('E_SIZE', `${what}: '${text}' is not a size; ${sizeForms}`);
  }
  return bytes;
}
