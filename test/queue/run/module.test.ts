import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';

/** `queue run --module` from the shell. */

interface Place {
  store: string;
  module(text: string, name?: string): string;
  queue(...args: string[]): ReturnType<typeof walq>;
  log(): Promise<string>;
}

function place(): Place {
  const dir = scratch();
  const store = `${dir}/store`;
  return {
    store,
    module: (text, name = 'handlers.mjs') => {
      writeFileSync(`${dir}/${name}`, text);
      return `${dir}/${name}`;
    },
    queue: (...args) => walq(['--store', store, 'queue', ...args], { cwd: dir }),
    log: async () => (await walq(['--store', store, 'wal', 'inspect'])).stdout,
  };
}

describe.each([
  ['in the runner', []],
  ['isolated', ['--isolate']],
])('functions %s', (_where, flags) => {
  test('of a module that never finishes loading: the command does not end as if all were done', async () => {
    const { module, queue } = place();
    await queue('enqueue', '--id', 'waits');
    const file = module('await new Promise(() => undefined);\nexport default () => 1;');
    const ran = await queue('run', '--module', file, '--drain', ...flags);
    expect(ran.code).toBe(flags.length === 0 ? 70 : 1);
    expect(ran.stderr).toMatch(flags.length === 0 ? /it waited for what never came/ : /ended its thread \(exit 70\)/);
    expect((await queue('status', '--json')).stdout).toContain('"pending":1');
  });

  test('return is ACK, throw is RETRY with the stack, DeadError and RetryError say more', async () => {
    const { module, queue, log } = place();
    const file = module(`
      class DeadError extends Error { name = 'DeadError' }
      class RetryError extends Error { name = 'RetryError'; after = '1ms' }
      export default async function work({ id, name, payload, payloadText, attempt, maxAttempts }) {
        if (id === 'dead') throw new DeadError('no such user');
        if (id === 'throws') throw new TypeError('oops');
        if (id === 'later' && attempt === 1) throw new RetryError('busy');
        if (id === 'circle') { const own = {}; own.own = own; return own; }
        return { name, n: payload.n, payloadText, attempt, maxAttempts };
      }`);
    await queue('enqueue', 'sum', '--id', 'good', '-d', '{"n":9007199254740993}');
    await queue('enqueue', '--id', 'dead');
    await queue('enqueue', '--id', 'throws', '--attempts', '1');
    await queue('enqueue', '--id', 'later', '-d', '{}');
    await queue('enqueue', '--id', 'circle');
    const ran = await queue('run', '--module', file, '--drain', ...flags);
    expect(ran.code, ran.stderr).toBe(1);
    const text = await log();
    expect(text).toContain('"payloadText":"{\\"n\\":9007199254740993}","attempt":1,"maxAttempts":3}');
    expect(text).toMatch(/DEAD dead .*reason=permanent error="no such user"/);
    expect(text).toMatch(/DEAD throws .*reason=attempts error="TypeError: oops\\n {4}at work \(/);
    expect(text).not.toContain('dist/js');
    expect(text).toMatch(/RETRY later .*reason=asked/);
    expect(text).toMatch(/ACK later/);
    expect(text).toMatch(/ACK circle {2}duration=\d+\w+$/m);
  });

  test('an object of functions takes the jobs of its names and leaves the others', async () => {
    const { module, queue, log } = place();
    const file = module('export default { mail: () => 1, resize: () => 2 }');
    await queue('enqueue', 'mail', '--id', 'a');
    await queue('enqueue', 'other', '--id', 'b');
    await queue('enqueue', 'resize', '--id', 'c');
    expect((await queue('run', '--module', file, '--drain', ...flags)).code).toBe(0);
    const text = await log();
    expect(text).toMatch(/ACK a .*result=1/);
    expect(text).toMatch(/ACK c .*result=2/);
    expect(text).not.toContain('DISPATCH b');
  });

  test('a timeout aborts the signal; who listens to it is done with, who ends in spite of it is late', async () => {
    const { module, queue, log } = place();
    const file = module(`
      export default { polite: (job, { signal }) => new Promise((resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason))) }`);
    await queue('enqueue', 'polite', '--id', 'a', '--attempts', '1', '--timeout', '100ms');
    const ran = await queue('run', '--module', file, '--drain', '--kill-after', '1h', ...flags);
    expect(ran.code).toBe(1);
    expect(await log()).toMatch(/TIMEOUT a\n.*DEAD a/);
  });

  test('extend moves the timeout', async () => {
    const { module, queue, log } = place();
    const file = module(`
      export default async (job, ctx) => { ctx.extend('1m'); await new Promise((go) => setTimeout(go, 500)); }`);
    await queue('enqueue', '--id', 'a', '--attempts', '1', '--timeout', '300ms');
    const ran = await queue('run', '--module', file, '--drain', ...flags);
    expect(ran.code, await log()).toBe(0);
  });

  test('what a function does after its end is not told of the job that comes next', async () => {
    const { module, queue, log } = place();
    const file = module(`
      const later = (ms) => new Promise((go) => setTimeout(go, ms));
      export default {
        first: (job, ctx) => void later(100).then(() => ctx.extend('1m')),
        next: () => later(2000),
      };`);
    await queue('enqueue', 'first', '--id', 'a', '--priority', '1');
    await queue('enqueue', 'next', '--id', 'b', '--attempts', '1', '--timeout', '500ms');
    await queue('run', '--module', file, '--workers', '1', '--kill-after', '10ms', '--drain', ...flags);
    expect(await log()).toMatch(/ACK a.*\n(.*\n)*.*TIMEOUT b/);
  });

  test('a result as text keeps its digits, also by a copy of the library that the module brings', async () => {
    const { module, queue, log } = place();
    const library = JSON.stringify(new URL('../../../dist/js/index.cjs', import.meta.url));
    const file = module(`
      import walq from ${library};
      const texts = { exact: '{"n": 9007199254740993}', broken: '{', deep: '['.repeat(200) + ']'.repeat(200) };
      export default ({ name }) => walq.rawJson(texts[name]);`);
    for (const name of ['exact', 'broken', 'deep']) await queue('enqueue', name, '--id', name);
    const ran = await queue('run', '--module', file, '--drain', ...flags);
    expect(ran.code, ran.stderr).toBe(0);
    const text = await log();
    expect(text).toMatch(/ACK exact .*result=\{"n":9007199254740993\}/);
    for (const name of ['broken', 'deep']) expect(text).toMatch(new RegExp(`ACK ${name} {1,2}duration=\\d+\\w+$`, 'm'));
  });

  test.each([
    ['a file that is not there', undefined, 'is not there'],
    ['a syntax error', 'export default {\n', 'SyntaxError'],
    ['a throw while it is loaded', "throw new Error('no database')", 'Error: no database'],
    ['a module it imports that is missing', "import 'no-such-package'; export default () => 1", 'no-such-package'],
    ['no default export', 'export const work = () => 1', 'has no default export'],
    ['a default export that is nothing to call', 'export default 7', 'exports 7 by default'],
    ['a name without a function', 'export default { mail: 1 }', "under 'mail' that is no function"],
    ['an empty object', 'export default {}', 'without any function'],
  ])('%s is E_MODULE, exit 1, and touches no store', async (_what, text, says) => {
    const { store, module, queue } = place();
    const file = text === undefined ? '/no/such/file.mjs' : module(text);
    const ran = await queue('run', '--module', file, '--drain', ...flags);
    expect(ran.code, ran.stderr).toBe(1);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).toContain('[E_MODULE]');
    expect(existsSync(store)).toBe(false);
  });

  test('what it prints leaves the answer alone', async () => {
    const { module, queue } = place();
    const file = module("console.log('loaded'); export default () => { console.log('working'); }");
    await queue('enqueue', '--id', 'a');
    const ran = await queue('run', '--module', file, '--drain', '--json', ...flags);
    expect(JSON.parse(ran.stdout)).toMatchObject({ completed: 1 });
  });
});

describe('isolated', () => {
  test('jobs that never end, take all memory, or leave the process cost their thread alone', async () => {
    const { store, module, queue, log } = place();
    const file = module(`
      export default {
        loop: () => { for (;;); },
        memory: () => { const all = []; for (;;) all.push(new Array(1e5).fill(Math.random())); },
        exit: () => process.exit(3),
        later: () => new Promise(() => setTimeout(() => { throw new Error('too late'); }, 10)),
        good: () => new Promise((resolve) => setTimeout(() => resolve('fine'), 300)),
      }`);
    for (const name of ['loop', 'memory', 'exit', 'later', 'good']) {
      await queue('enqueue', name, '--id', name, '--attempts', '1', ...(name === 'loop' ? ['--timeout', '200ms'] : []));
    }
    const ran = await walq(
      ['queue', 'run', '--module', file, '--isolate', '-j', '5', '--drain', '--kill-after', '100ms'],
      { env: { WALQ_STORE: store, NODE_OPTIONS: '--max-old-space-size=64' } },
    );
    expect(ran.stderr).toContain('1 completed, 0 retries, 4 dead');
    const text = await log();
    expect(text).toMatch(/TIMEOUT loop\n/);
    expect(text).toMatch(/DEAD memory .*memory/);
    expect(text).toMatch(/DEAD exit .*ended its thread \(exit 3\)/);
    expect(text).toMatch(/DEAD later .*too late/);
    expect(text).toMatch(/ACK good .*result="fine"/);
  });

  test('what a job prints goes to its log', async () => {
    const { store, module, queue } = place();
    const file = module("export default ({ id }) => { console.log('out of', id); console.error('err of', id); }");
    await queue('enqueue', '--id', 'a');
    await queue('enqueue', '--id', 'b');
    expect((await queue('run', '--module', file, '--isolate', '-j', '1', '--drain')).code).toBe(0);
    const logs = readdirSync(`${store}/logs`).map((name) => readFileSync(`${store}/logs/${name}`, 'utf8'));
    expect(logs.map((text) => text.split('\n').sort().join(' ')).sort()).toEqual([
      ' err of a out of a',
      ' err of b out of b',
    ]);
  });
});

test('a CommonJS module works as well, compiled ones too', async () => {
  const { module, queue, log } = place();
  const plain = module("module.exports = { mail: () => 'plain' }", 'plain.cjs');
  const compiled = module(
    "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = () => 'compiled'",
    'compiled.cjs',
  );
  await queue('enqueue', 'mail', '--id', 'a');
  expect((await queue('run', '--module', plain, '--drain')).code).toBe(0);
  await queue('enqueue', 'mail', '--id', 'b');
  expect((await queue('run', '--module', compiled, '--drain')).code).toBe(0);
  expect(await log()).toMatch(/ACK a .*"plain"[\s\S]*ACK b .*"compiled"/);
});

test('other kinds of files are refused before anything is done (exit 2)', async () => {
  const { store, module, queue } = place();
  const json = await queue('run', '--module', module('{}', 'handlers.json'));
  expect(json).toMatchObject({ code: 2, stderr: expect.stringContaining('.mjs') });
  const typed = module('export default (): number => 7', 'handlers.ts');
  const ran = await queue('run', '--module', typed, '--drain');
  // From some version on Node strips types by itself.
  const strips = 'typescript' in process.features && Boolean(process.features.typescript);
  expect(ran.code, ran.stderr).toBe(strips ? 0 : 2);
  if (!strips) expect(ran.stderr).toContain('[E_MODULE_TYPE]');
  expect(existsSync(store)).toBe(strips);
});
