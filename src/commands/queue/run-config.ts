import { notFoundError, usageError, WalqError } from '../../base/errors.ts';
import { type ChunkSource, chunksOf } from './file-chunks.ts';

const bytesMax = 1024 * 1024;
const levelsMax = 100;

/** Keys and values of a YAML file of flags; what they mean is not looked at. Throws E_CONFIG (2), E_NO_FILE (1). */
export async function readConfig(source: ChunkSource, file: string): Promise<Record<string, unknown>> {
  const { parse, YAMLError } = await import('yaml');
  const text = await readText(source, file);
  if (isDeep(text)) throw badConfig(file, 'is nested too deeply', {});
  let value: unknown;
  try {
    value = parse(text, { logLevel: 'error' });
  } catch (error) {
    if (!(error instanceof YAMLError || error instanceof ReferenceError)) throw error;
    throw badConfig(file, error.message.split('\n')[0]?.replace(/:$/, '') ?? 'is no YAML', {});
  }
  // An empty file, or one with nothing but comments.
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw badConfig(file, 'must be a list of keys and values', {});
  return value as Record<string, unknown>;
}

/**
 * Settings are flat. The parser of YAML calls itself for each level, and where that takes up the stack, the runtime may
 * end the whole process. Brackets are counted wherever they stand; a line is as deep as its indentation, its dashes
 * and its question marks.
 */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = Math.max(0, depth + (bracket === '[' || bracket === '{' ? 1 : -1));
    if (depth > levelsMax) return true;
  }
  return new RegExp(`^[ \\t?:-]{${2 * levelsMax}}`, 'm').test(text);
}

async function readText(source: ChunkSource, file: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(source, file)) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw badConfig(file, 'is larger than 1 MiB', {});
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof WalqError && error.code === 'E_NO_FILE') {
      throw notFoundError('E_NO_FILE', `--config: no file ${file}`, { data: { file } });
    }
    throw error;
  }
  return Buffer.concat(chunks).toString();
}

export function badConfig(file: string, what: string, data: Readonly<Record<string, unknown>>): WalqError {
  return usageError('E_CONFIG', `${file}: ${what}`, {
    data: { file, ...data },
    next: 'walq queue run --help lists the flags; a key is a long one of them, such as task_timeout',
  });
}
