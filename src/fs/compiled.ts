import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** Of a bundle that ran: its name without '.cjs', its text, and what V8 made of it. */
export type Heard = (name: string, source: Uint8Array, script: Script) => void;

const crcBytes = 4;

/** Where the code that this very Node made is kept, beside the folder of the bundles: another one makes other code. */
export function codeFolder(bundles: string): string {
  return join(dirname(bundles), 'code', `${process.version}-${process.platform}-${process.arch}`);
}

/**
 * From now on the bundles in the folder `bundles` run with the code that was made of them when they were built: to make
 * it anew from their text is a third of the start of a small command. Where there is none, Node loads them as ever: so
 * it is for those that import while they run, since V8 forgets how in what it keeps. `heard` is told of all of them,
 * with code or without; while it listens, none of them can import.
 */
export function useCompiled(bundles: string, heard?: Heard): void {
  const { extensions } = createRequire(join(bundles, 'main.cjs'));
  const folder = codeFolder(bundles);
  // Somebody may have been here before.
  if ('.cjs' in extensions || (heard === undefined && !existsSync(folder))) return;
  extensions['.cjs'] = (module, path) => {
    const name = basename(path, '.cjs');
    const source = dirname(path) === bundles ? readFileSync(path) : undefined;
    const code = source && codeOf(source, join(folder, `${name}.code`));
    if (source === undefined || (code === undefined && heard === undefined)) {
      extensions['.js']?.(module, path);
      return;
    }
    // Bundles are ASCII.
    const script = new Script(Module.wrap(source.toString('latin1')), {
      filename: path,
      ...(code && { cachedData: code }),
    });
    heard?.(name, source, script);
    script.runInThisContext()(module.exports, createRequire(path), module, path, bundles);
  };
}

/** `code` as it is kept: behind the CRC-32 of `source` and itself, since V8 looks at neither. */
export function sealCode(source: Uint8Array, code: Uint8Array): Uint8Array {
  const sealed = Buffer.alloc(crcBytes + code.length);
  sealed.writeUInt32LE(crc32(code, crc32(source)));
  sealed.set(code, crcBytes);
  return sealed;
}

/** Undefined where it cannot be read, is damaged, or was made of another text. */
function codeOf(source: Uint8Array, path: string): Uint8Array | undefined {
  try {
    const sealed = readFileSync(path);
    const code = sealed.subarray(crcBytes);
    return sealed.readUInt32LE() === crc32(code, crc32(source)) ? code : undefined;
  } catch {
    return undefined;
  }
}
