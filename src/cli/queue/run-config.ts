import type { Command, Option } from 'commander';
import { notFoundError, usageError, WalqError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { chunksOf } from '../../commands/queue/file-chunks.ts';
import { nodeFs } from '../../fs/node-fs.ts';
import { openPipe } from '../../fs/pipe.ts';

/** Of one of these the command line has the say: `--module` typed takes the place of `exec` in a file. */
const handlerFlags: ReadonlySet<string> = new Set(['exec', 'stream', 'module', 'commands']);
const bytesMax = 1024 * 1024;

/**
 * Sets what a YAML file says on a command, as if it had been typed; what was typed stays. Keys are long flag names,
 * with '-' or '_'. Throws usageError E_CONFIG (2) with file, key and value, E_NO_FILE (1).
 */
export async function applyConfig(command: Command, file: string): Promise<void> {
  const options = new Map([...globalOptions(command), ...command.options].map((option) => [option.name(), option]));
  const typed = (option: Option) => sourceOf(command, option) === 'cli';
  const handlerTyped = [...handlerFlags].some((name) => options.has(name) && typed(options.get(name) as Option));
  const seen = new Set<string>();
  for (const [key, value] of Object.entries(await readYaml(file))) {
    const name = key.replaceAll('_', '-');
    const option = name === 'config' || name === 'help' || name === 'version' ? undefined : options.get(name);
    if (option === undefined) throw badConfig(file, `'${excerpt(key)}' is not a key`, { key });
    if (seen.has(name)) throw badConfig(file, `'${excerpt(key)}' is there twice`, { key });
    seen.add(name);
    const parsed = parsedValue(file, key, value, option);
    if (typed(option) || (handlerTyped && handlerFlags.has(name))) continue;
    ownerOf(command, option).setOptionValueWithSource(option.attributeName(), parsed, 'config');
  }
}

function globalOptions(command: Command): readonly Option[] {
  return command.parent?.parent?.options ?? [];
}

function ownerOf(command: Command, option: Option): Command {
  return command.options.includes(option) ? command : (command.parent?.parent ?? command);
}

function sourceOf(command: Command, option: Option): string | undefined {
  return ownerOf(command, option).getOptionValueSource(option.attributeName());
}

function parsedValue(file: string, key: string, value: unknown, option: Option): unknown {
  if (option.isBoolean()) {
    if (typeof value === 'boolean') return value || undefined;
    throw badConfig(file, `${key}: ${shown(value)} is not allowed; give true or false`, { key, value });
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw badConfig(file, `${key}: ${shown(value)} is not allowed; give one value`, { key, value });
  }
  const text = String(value);
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (error) {
    // Ours name the flag first, commander's (of choices) none.
    const why = error instanceof Error ? error.message.replace(/^--[\w-]+: /, '') : String(error);
    const known = why.includes(text) ? why : `${shown(value)}: ${why}`;
    throw badConfig(file, `${key}: ${known}`, { key, value });
  }
}

async function readYaml(file: string): Promise<Record<string, unknown>> {
  const { parse, YAMLError } = await import('yaml');
  const text = await readText(file);
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

async function readText(file: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunksOf({ fs: nodeFs, pipe: openPipe }, file)) {
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

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${excerpt(value)}'` : excerpt(JSON.stringify(value) ?? String(value));
}

function badConfig(file: string, what: string, data: Readonly<Record<string, unknown>>): WalqError {
  return usageError('E_CONFIG', `${file}: ${what}`, {
    data: { file, ...data },
    next: 'walq queue run --help lists the flags; a key is a long one of them, such as task_timeout',
  });
}
