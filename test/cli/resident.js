import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '../../dist/js/main.cjs';

/**
 * The built command line in a process that stays: runs one line of words after the other, each with streams, a folder
 * and variables of its own, from its way in to its way out. See run-walq.ts.
 */

const binary = fileURLToPath(new URL('../../bin/walq.cjs', import.meta.url));
const given = { ...process.env };
const listened = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'];
let exited;
process.exit = (code) => exited?.(code ?? process.exitCode ?? 0);

/** What is written to it, as one text. */
function collector() {
  const chunks = [];
  const stream = new Writable({
    decodeStrings: true,
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

const put = (name, value) => Object.defineProperty(process, name, { value, configurable: true });

async function runOne({ args, cwd, env, input }) {
  const [out, err] = [collector(), collector()];
  put('stdout', out.stream);
  put('stderr', err.stream);
  put('stdin', Readable.from(input.length > 0 ? [Buffer.from(input)] : [], { objectMode: false }));
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, given, env);
  process.argv.splice(1, Infinity, binary, ...args);
  process.chdir(cwd);
  const code = await new Promise((resolve, reject) => {
    exited = resolve;
    main(args).then(() => resolve(process.exitCode ?? 0), reject);
  });
  exited = undefined;
  for (const name of listened) process.removeAllListeners(name);
  process.exitCode = 0;
  return { code, signal: null, stdout: out.text(), stderr: err.text() };
}

process.on('message', async (line) => process.send(await runOne(line)));
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
