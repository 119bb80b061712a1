import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Puts the script of the report's page into one file, and the style sheet beside it: what `walq report` puts into a page. */

const root = fileURLToPath(new URL('..', import.meta.url));
const from = `${root}src/cli/report/page`;
const to = `${root}dist/js/report/page`;

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  build: {
    lib: { entry: `${from}/main.ts`, formats: ['iife'], name: 'walqReport', fileName: () => 'page.js' },
    outDir: to,
    emptyOutDir: true,
    // It can be read where it ends up: a page about damaged data is the last place for surprises.
    minify: false,
    target: 'es2022',
    reportCompressedSize: false,
  },
});
// In the order of their numbers: later rules win.
const sheets = readdirSync(`${from}/css`).sort();
const css = sheets.map((name) => readFileSync(`${from}/css/${name}`, 'utf8')).join('\n');
writeFileSync(`${to}/page.css`, css);

const script = readFileSync(`${to}/page.js`, 'utf8');
// Inside a page these would end the script, or change how it is read.
if (/<\/script|<!--/i.test(script)) throw new Error('the script holds text that would end it inside a page');
if (/<\//.test(css)) throw new Error('the style sheet holds text that would end it inside a page');
