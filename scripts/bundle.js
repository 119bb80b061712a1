import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/**
 * Puts the sources into the few files that are shipped: a process that has to find and read two hundred small ones
 * spends more time on that than on its work. All lie in one folder, two below the package, as in `src/cli`: so what is
 * found from a source file is found from its bundle. They are CommonJS, which Node loads in half the time it takes for
 * modules, and which `import` reads as well; what every command needs of other packages is in them.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const code = `${root}dist/js`;
const types = `${root}dist/types`;
const source = (name) => join(root, 'src', name);

/** Started on their own, or imported by name. */
const entries = {
  main: source('cli/main.ts'),
  index: source('index.ts'),
  'launcher-entry': source('queue/process/launcher-entry.ts'),
  'thread-entry': source('queue/work/thread-entry.ts'),
  'block-thread-entry': source('storage/snapshot/block-thread-entry.ts'),
};
/** What the quickest command runs; and what it needs more where no runner holds the store. */
const quick = ['cli/run.ts', 'cli/session.ts', 'cli/queue/enqueue.ts'].map(source);
const alone = [source('queue/run/under-lock.ts')];
/** Packages that go in; with their licences. */
const included = ['chalk', 'commander'];

/**
 * commander starts a command that is a program of its own. walq has none, and the part of Node that would start it
 * takes every command 3 ms to load.
 */
const noPrograms = {
  name: 'no-programs',
  enforce: 'pre',
  resolveId: (id, importer) =>
    id === 'node:child_process' && importer?.includes('/node_modules/commander/') ? '\0no-programs' : null,
  load: (id) => (id === '\0no-programs' ? 'export default {};' : null),
};

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  publicDir: false,
  ssr: { noExternal: included },
  plugins: [noPrograms],
  // With one character beyond ASCII a text takes Node twice the memory, and longer to read.
  esbuild: { charset: 'ascii' },
  build: {
    ssr: true,
    target: 'node20',
    outDir: code,
    emptyOutDir: true,
    // Its stack traces are to be read.
    minify: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: entries,
      output: {
        format: 'cjs',
        entryFileNames: '[name].cjs',
        chunkFileNames: '[name].cjs',
        manualChunks: chunks(),
        // What Node itself brings is used as it is, without an object of getters in between.
        interop: (id) => (id?.startsWith('node:') ? 'default' : 'auto'),
      },
      plugins: [
        { name: 'own-place', resolveImportMeta },
        { name: 'licences', generateBundle: addLicences },
      ],
    },
  },
});
rmSync(types, { recursive: true, force: true });
copyTypes(`${root}build`, 'index.d.ts', new Set());
// Declarations of what they declare, which `require` and `import` read alike.
writeFileSync(`${types}/package.json`, '{ "type": "commonjs" }\n');

/** Where a file lies, in the words of CommonJS. */
function resolveImportMeta(property) {
  if (property !== 'url') throw new Error(`import.meta.${property} is not known here`);
  return "require('node:url').pathToFileURL(__filename).href";
}

function addLicences() {
  const texts = included.map((name) => {
    const folder = `${root}node_modules/${name}`;
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `${name}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
  });
  this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join('\n---\n\n') });
}

/**
 * Which file a module goes into; the rest is left to the bundler. What small processes load comes first and is kept
 * apart: `walq --version`, and the helpers that start jobs, which the system copies for each. The library loads nothing
 * of the command line.
 */
function chunks() {
  let places;
  return (id, { getModuleInfo }) => {
    if (places === undefined) {
      places = new Map(Object.values(entries).map((entry) => [entry, undefined]));
      const put = (name, ids) => {
        for (const each of ids) if (!places.has(each)) places.set(each, name);
      };
      const first = closure(quick, getModuleInfo);
      const engine = closure(alone, getModuleInfo);
      const child = closure([entries['launcher-entry'], entries['thread-entry']], getModuleInfo);
      const library = closure([entries.index], getModuleInfo);
      put('start', closure([entries.main], getModuleInfo));
      put('base', both(child, new Set([...first, ...engine])));
      put('child', child);
      put('queue', both(first, library));
      put('engine', engine);
      put('command', first);
    }
    return places.get(id);
  };
}

/** These modules and all that they import, and these again. */
function closure(from, getModuleInfo) {
  const found = new Set(from);
  for (const id of found) {
    for (const next of getModuleInfo(id)?.importedIds ?? []) {
      if (next.startsWith(source(''))) found.add(next);
    }
  }
  return found;
}

function both(a, b) {
  return [...a].filter((each) => b.has(each));
}

/** The declarations that the library needs, and no others. */
function copyTypes(from, name, seen) {
  if (seen.has(name)) return;
  seen.add(name);
  const to = join(types, name);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(join(from, name), to);
  for (const [, path] of readFileSync(to, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.(?:ts|js)['"]/g)) {
    copyTypes(from, join(dirname(name), `${path}.d.ts`), seen);
  }
}
