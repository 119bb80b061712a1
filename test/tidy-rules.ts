/**
 * The rules of `tidy.test.ts`, as pure functions from a file to its faults, so that the rules themselves can be tested.
 */

/** What each layer may import, itself apart. `src/index.ts` is the library: everything below the commands. */
const layers: Readonly<Record<string, readonly string[]>> = {
  base: [],
  fs: ['base'],
  formats: ['base', 'fs'],
  storage: ['base', 'fs'],
  queue: ['base', 'fs', 'storage'],
  commands: ['base', 'fs', 'formats', 'storage', 'queue'],
  cli: ['base', 'fs', 'formats', 'storage', 'queue', 'commands'],
  index: ['base', 'fs', 'storage', 'queue'],
};

/** What a file directly in a layer, or in a folder of it, may import of its own layer; who is not named here, all. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  'storage/wal': ['storage/preamble.ts', 'storage/types.ts'],
  'storage/snapshot': ['storage/preamble.ts', 'storage/types.ts'],
  formats: ['formats'],
  'formats/registry.ts': ['formats', 'formats/document', 'formats/raft-recovery'],
  'formats/document': ['formats'],
  'formats/raft-recovery': ['formats'],
  'queue/events': [],
  'queue/state': ['queue/events'],
  'queue/ops': ['queue', 'queue/events', 'queue/state'],
  'queue/metrics': ['queue', 'queue/events', 'queue/state'],
  'queue/process': ['queue'],
  'queue/run': ['queue', 'queue/events', 'queue/metrics', 'queue/ops', 'queue/process', 'queue/state'],
  'queue/work': ['queue/process', 'queue/run', 'queue/state'],
  'queue/api': ['queue', 'queue/events', 'queue/ops', 'queue/process', 'queue/run', 'queue/state'],
  commands: ['commands', 'commands/where'],
  'commands/queue': ['commands', 'commands/where'],
  'commands/bisect': ['commands', 'commands/where'],
  'commands/where': ['commands/event-row.ts', 'commands/json-text.ts', 'commands/selector.ts'],
  'commands/demo': ['commands'],
  'commands/diff': ['commands', 'commands/where'],
  'commands/explain': ['commands', 'commands/queue'],
  'commands/report': ['commands', 'commands/doctor', 'commands/stats'],
  'commands/bench': ['commands'],
  'cli/completion': ['cli'],
  'cli/diff': ['cli'],
  'cli/explain': ['cli'],
  'cli/queue': ['cli', 'cli/explain'],
  'cli/report': ['cli'],
  'cli/queue/events.ts': ['cli', 'cli/queue', 'cli/wal'],
  'cli/schema': ['cli'],
  'cli/snapshot': ['cli', 'cli/diff'],
  'cli/wal': ['cli', 'cli/diff', 'cli/explain'],
};

/** Packages and modules that only some layers may know. A package that is not named here belongs to nobody. */
const owners: Readonly<Record<string, readonly string[]>> = {
  'node:fs': ['fs'],
  'node:fs/promises': ['fs'],
  fs: ['fs'],
  'fs/promises': ['fs'],
  'node:child_process': ['queue', 'cli'],
  'node:net': ['queue'],
  'node:http': ['queue'],
  'fs-native-extensions': ['fs'],
  croner: ['queue'],
  yaml: ['commands'],
  commander: ['cli'],
  chalk: ['cli'],
  'cli-table3': ['cli'],
  ora: ['cli'],
};

const linesMax = 300;
const columnsMax = 120;

/** Faults of one source file; `path` is relative to the project, with '/'. */
export function faultsOf(path: string, text: string): string[] {
  return [...sizeFaults(text), ...wordFaults(path, text), ...importFaults(path, text), ...layerFaults(path, text)].map(
    (fault) => `${path}: ${fault}`,
  );
}

/**
 * A text or pattern that stands alone on its line: no formatter breaks it, and pieces would be harder to read and to
 * search.
 */
function isOneLiteral(line: string): boolean {
  return /^\s*(?:[\w$]+: |(?:export )?const [\w$]+ = |\| )?(?:(['"`]).*\1|\/.*\/[dgimsuvy]*)(?: \+)?[,;]?$/.test(line);
}

function sizeFaults(text: string): string[] {
  const lines = text.replace(/\n$/, '').split('\n');
  const wide = lines.flatMap((line, at) => {
    const columns = [...line].length;
    return columns > columnsMax && !isOneLiteral(line)
      ? [`line ${at + 1} is ${columns} columns wide, ${columnsMax} are allowed`]
      : [];
  });
  return lines.length > linesMax ? [...wide, `${lines.length} lines, ${linesMax} are allowed`] : wide;
}

const forbidden: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, why: 'unfinished work belongs on a list, not into the code' },
  { pattern: /@ts-(ignore|nocheck|expect-error)/, why: 'the type checker is not silenced' },
  { pattern: /\bas any\b|\bas unknown as\b|: any\b|<any>/, why: 'no any' },
  { pattern: /\b(it|test|describe)\.(skip|only|todo)\b/, why: 'every test runs' },
  { pattern: /\bdebugger\b/, why: 'left-over of debugging' },
  { pattern: /['"`(\s](\/work\/|\/home\/[a-z]|\/Users\/[A-Za-z]|[A-Z]:\\Users)/, why: 'a path of one machine' },
];

function wordFaults(path: string, text: string): string[] {
  // This file and its test name the words in order to forbid them.
  if (path.startsWith('test/tidy')) return [];
  return text
    .split('\n')
    .flatMap((line, at) =>
      forbidden.filter((rule) => rule.pattern.test(line)).map((rule) => `line ${at + 1}: ${rule.why}: ${line.trim()}`),
    );
}

/** Specifiers of static and dynamic imports, re-exports and type imports. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const pattern =
    /(?:^|[;\s}])(?:import|export)\s[^'";]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function importFaults(path: string, text: string): string[] {
  const layer = layerOf(path);
  if (layer === undefined) return [];
  return importsOf(text).flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      return specifier.endsWith('.ts') ? [] : [`import '${specifier}' does not end in .ts`];
    }
    const allowed = owners[specifier];
    if (allowed === undefined) {
      return specifier.startsWith('node:') ? [] : [`nobody may import '${specifier}'`];
    }
    return allowed.includes(layer) ? [] : [`only ${allowed.map((each) => `src/${each}`)} may import '${specifier}'`];
  });
}

function layerFaults(path: string, text: string): string[] {
  const layer = layerOf(path);
  if (layer === undefined) return [];
  const allowed = layers[layer];
  if (allowed === undefined) return [`src/${layer} is no layer`];
  const wrong = importsOf(text).flatMap((specifier) => {
    if (!specifier.startsWith('.')) return [];
    const target = resolve(path, specifier);
    const targetLayer = layerOf(target);
    if (targetLayer === undefined) return [`import '${specifier}' leaves src`];
    const fits = targetLayer === layer ? fitsRoom(path, target) : allowed.includes(targetLayer);
    return fits ? [] : [`${path} may not import ${target}`];
  });
  return [...wrong, ...habitFaults(path, layer, text)];
}

/** Two files of one layer. */
function fitsRoom(path: string, target: string): boolean {
  const allowed = rooms[path.slice('src/'.length)] ?? rooms[roomOf(path)];
  const name = target.slice('src/'.length);
  return (
    allowed === undefined ||
    roomOf(target) === roomOf(path) ||
    allowed.includes(roomOf(target)) ||
    allowed.includes(name)
  );
}

/** What only some files may do at all. */
function habitFaults(path: string, layer: string, text: string): string[] {
  const faults: string[] = [];
  const isSilent = layer !== 'cli' && layer !== 'queue' && layer !== 'index';
  if (isSilent && /\bprocess\.(stdout|stderr|stdin|argv|exit|exitCode)\b/.test(text)) {
    faults.push('only src/cli reads arguments, prints and exits');
  }
  const isTimeless = layer !== 'cli' && path !== 'src/base/node-clock.ts';
  if (
    isTimeless &&
    /\b(Date\.now|performance\.now|process\.hrtime|Math\.random|randomBytes|randomFillSync)\(|\bnew Date\(\)/.test(text)
  ) {
    faults.push('time and randomness are passed in');
  }
  return faults;
}

/** 'storage' for a file directly in that layer, 'storage/wal' for one in a folder of it. */
function roomOf(path: string): string {
  const [, layer = '', ...rest] = path.split('/');
  return rest.length > 1 ? `${layer}/${rest[0]}` : layer;
}

function layerOf(path: string): string | undefined {
  return /^src\/([^/]+?)(?:\.ts$|\/)/.exec(path)?.[1];
}

/** The path that a relative specifier in the file `from` means. */
export function resolve(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
