import type { Command, Option } from 'commander';
import { excerpt } from '../../base/escape.ts';
import { badConfig, readConfig } from '../../commands/queue/run-config.ts';
import { nodeFs } from '../../fs/node-fs.ts';
import { openPipe } from '../../fs/pipe.ts';

/** Of one of these the command line has the say: `--module` typed takes the place of `exec` in a file. */
const handlerFlags: ReadonlySet<string> = new Set(['exec', 'stream', 'module', 'commands']);
/** What says something about one of them only. */
const handlerOf: Readonly<Record<string, string>> = { isolate: 'module', 'per-process': 'stream' };

/**
 * Sets what a YAML file says on a command, as if it had been typed; what was typed stays. Keys are long flag names,
 * with '-' or '_'. Throws usageError E_CONFIG (2) with file, key and value, E_NO_FILE (1).
 */
export async function applyConfig(command: Command, file: string): Promise<void> {
  const options = new Map([...globalOptions(command), ...command.options].map((option) => [option.name(), option]));
  const typed = (option: Option) => sourceOf(command, option) === 'cli';
  const isTyped = (name: string) => typed(options.get(name) as Option);
  const handlerTyped = [...handlerFlags].some((name) => options.has(name) && isTyped(name));
  const outranked = (name: string) => {
    const handler = handlerFlags.has(name) ? name : handlerOf[name];
    return handlerTyped && handler !== undefined && !isTyped(handler);
  };
  const seen = new Set<string>();
  for (const [key, value] of Object.entries(await readConfig({ fs: nodeFs, pipe: openPipe }, file))) {
    const name = key.replaceAll('_', '-');
    const option = name === 'config' || name === 'help' || name === 'version' ? undefined : options.get(name);
    if (option === undefined) throw badConfig(file, `'${excerpt(key)}' is not a key`, { key });
    if (seen.has(name)) throw badConfig(file, `'${excerpt(key)}' is there twice`, { key });
    seen.add(name);
    const parsed = parsedValue(file, key, value, option);
    if (typed(option) || outranked(name)) continue;
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

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${excerpt(value)}'` : excerpt(JSON.stringify(value) ?? String(value));
}
