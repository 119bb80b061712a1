/** One file of an archive. */
export interface TarFile {
  /** ASCII, at most 100 characters, with '/' between folders. */
  name: string;
  bytes: Uint8Array;
}

const blockBytes = 512;

/**
 * An archive in the form of POSIX.1-1988 (ustar), which every tar reads: files of mode 0600, all of one time, no owner.
 * `mtimeMs` is ms since the epoch. Throws RangeError for a name that does not fit.
 */
export function tarOf(files: readonly TarFile[], mtimeMs: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, bytes } of files) {
    parts.push(header(name, bytes.length, mtimeMs), bytes, new Uint8Array(-bytes.length & (blockBytes - 1)));
  }
  // Two empty blocks end an archive.
  return Buffer.concat([...parts, new Uint8Array(2 * blockBytes)]);
}

/** Offsets as pax(1) gives them; numbers are octal text. */
function header(name: string, size: number, mtimeMs: number): Uint8Array {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new RangeError(`'${name}' does not fit into a tar header`);
  const block = Buffer.alloc(blockBytes);
  block.write(name, 0);
  block.write('0000600\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${octal(size, 11)}\0`, 124);
  block.write(`${octal(Math.floor(mtimeMs / 1000), 11)}\0`, 136);
  // The checksum is counted as if it were spaces.
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
