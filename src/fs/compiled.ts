import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** Of a bundle that ran: its name without '.cjs', its text, and what V8 made of it. */
export type Heard = (name: string, source: Uint8Array, script: Script) => void;

const crcBytes = 4;
const pageBytes = 4096;

/**
 * Where the code that this very Node made is kept, beside the folder of the bundles. V8 takes code of another build of
 * its version for its own, and goes wrong: so the name says what the first page of Node's file says, which has the
 * sizes of its parts and the mark of its build. Undefined where that cannot be read, or is of a file that only starts
 * a library.
 */
export function codeFolder(bundles: string): string | undefined {
  const { version, platform, arch, execPath, config } = process;
  const page = 'node_shared' in config.variables && config.variables.node_shared ? undefined : firstPage(execPath);
  if (page === undefined) return undefined;
  const build = crc32(page).toString(16).padStart(8, '0');
  return join(dirname(bundles), 'code', `${version}-${platform}-${arch}-${build}`);
}

/**
 * From now on the bundles in the folder `bundles` run with the code that was made of them when they were built: to make
 * it anew from their text is a third of the start of a small command. Where there is none, Node loads them as ever: so
 * it is for those that import while they run, since V8 forgets how in what it keeps. `heard` is told of all of them,
 * with code or without; while it listens, none of them can import.
 */
export function useCompiled(bundles: string, heard?: Heard): void {
  const folder = codeFolder(bundles);
  const { extensions } = createRequire(join(bundles, 'main.cjs'));
  const plain = extensions['.js'];
  if (folder === undefined || plain === undefined || (heard === undefined && !existsSync(folder))) return;
  // Node has it load '.cjs' too. One for '.cjs' alone would let others leave that out of their names.
  extensions['.js'] = (module, path) => {
    const name = basename(path, '.cjs');
    const source = path === join(bundles, `${name}.cjs`) ? readFileSync(path) : undefined;
    const code = source && codeOf(source, join(folder, `${name}.code`));
    if (source === undefined || (code === undefined && heard === undefined)) {
      plain(module, path);
      return;
    }
    // Bundles are ASCII. V8 keeps the name with the code: the path of who built it is nobody's business.
    const options = { filename: `walq/${name}.cjs`, ...(code && { cachedData: code }) };
    const script = new Script(Module.wrap(source.toString('latin1')), options);
    heard?.(name, source, script);
    script.runInThisContext()(module.exports, createRequire(path), module, path, bundles);
  };
}

/** `code` as it is kept: before the CRC-32 of `source` and itself, since V8 looks at neither. */
export function sealCode(source: Uint8Array, code: Uint8Array): Uint8Array {
  const sealed = Buffer.alloc(code.length + crcBytes);
  sealed.set(code);
  sealed.writeUInt32LE(crc32(code, crc32(source)), code.length);
  return sealed;
}

/** Undefined where it cannot be read, is damaged, or was made of another text. */
function codeOf(source: Uint8Array, path: string): Uint8Array | undefined {
  try {
    const sealed = readFileSync(path);
    const code = sealed.subarray(0, -crcBytes);
    return sealed.readUInt32LE(code.length) === crc32(code, crc32(source)) ? code : undefined;
  } catch {
    return undefined;
  }
}

function firstPage(path: string): Uint8Array | undefined {
  const page = Buffer.alloc(pageBytes);
  try {
    const fd = openSync(path, 'r');
    try {
      return page.subarray(0, readSync(fd, page));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
