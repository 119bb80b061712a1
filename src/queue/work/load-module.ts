import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { Exit, isError, usageError, WalqError } from '../../base/errors.ts';
import type { WorkFunction, WorkHandlers } from './function-types.ts';

const notFound = 'ERR_MODULE_NOT_FOUND';
const endings = ['.mjs', '.js', '.cjs'];
const typescriptEndings = ['.ts', '.mts', '.cts'];

/**
 * Whether this Node can load the file. Throws usageError E_MODULE_TYPE (2); `typescript`: this Node strips types, as
 * `process.features.typescript` says.
 */
export function checkModuleType(file: string, typescript: unknown = featureTypescript()): void {
  if (endings.some((ending) => file.endsWith(ending))) return;
  if (!typescriptEndings.some((ending) => file.endsWith(ending))) {
    throw usageError('E_MODULE_TYPE', `--module: ${file} is no JavaScript module; its name must end in .mjs or .js`);
  }
  if (typescript) return;
  throw usageError('E_MODULE_TYPE', `--module: Node ${process.versions.node} does not load ${file} as it is`, {
    next: 'use Node 22.18 or newer, or compile it: npx tsc',
  });
}

function featureTypescript(): unknown {
  return 'typescript' in process.features ? process.features.typescript : false;
}

/**
 * The handlers that a module exports by default: one function, or an object of functions by job name. `path` is
 * absolute. Rejects with E_MODULE (1), whatever goes wrong in the module.
 */
export async function loadModule(path: string): Promise<WorkHandlers> {
  let loaded: Record<string, unknown>;
  const url = pathToFileURL(path).href;
  try {
    loaded = await import(url);
  } catch (cause) {
    const isMissing =
      isError(cause) && 'url' in cause && cause.url === url && 'code' in cause && cause.code === notFound;
    if (isMissing) throw moduleError(path, 'is not there', cause);
    throw moduleError(path, `cannot be loaded: ${firstWords(cause)}`, cause);
  }
  const found = defaultOf(loaded);
  if (typeof found === 'function') return found as WorkFunction;
  if (found === undefined) throw moduleError(path, 'has no default export', undefined);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw moduleError(path, `exports ${inspect(found, { depth: 0 })} by default`, undefined);
  }
  const entries = Object.entries(found);
  const bad = entries.find(([, work]) => typeof work !== 'function');
  if (bad !== undefined) throw moduleError(path, `exports something under '${bad[0]}' that is no function`, undefined);
  if (entries.length === 0) throw moduleError(path, 'exports an object without any function', undefined);
  return found as WorkHandlers;
}

/** A compiled CommonJS module has its default export inside of the one that Node sees. */
function defaultOf(loaded: Record<string, unknown>): unknown {
  const outer = loaded.default;
  const compiled = typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer;
  return compiled ? outer.default : outer;
}

function moduleError(path: string, what: string, cause: unknown): WalqError {
  return new WalqError(Exit.failed, 'E_MODULE', `module ${path} ${what}`, {
    cause,
    data: { module: path },
    next: 'export default async (job, ctx) => { … }, or an object { name: function }; see docs/handlers.md',
  });
}

/** Of a syntax error Node shows the place in the stack alone, before the message. */
function firstWords(cause: unknown): string {
  if (!isError(cause)) return String(cause);
  const place = cause instanceof SyntaxError ? /^file:\/\/\S+:(\d+)$/m.exec(cause.stack ?? '')?.[1] : undefined;
  const code = 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
  return `${cause.name}: ${cause.message.split('\n')[0]}${code}${place === undefined ? '' : `, line ${place}`}`;
}
