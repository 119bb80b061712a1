import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 10_000;

/**
 * The shell ends the server when its standard input ends, and so however this process ends, kill -9 included. It
 * takes no notice of a Ctrl-C that is meant for us.
 */
const guard = `trap '' INT TERM HUP; "$@" >"$LOG" 2>&1 & read -r _; kill -9 $!; wait`;

/** Starts a server that listens on loopback. `argsFor(port)`; `close` kills it. Rejects with what it said. */
export async function startServer(command, argsFor, log) {
  const port = await freePort();
  const child = spawn('/bin/sh', ['-c', guard, 'sh', command, ...argsFor(port)], {
    env: { ...process.env, LOG: log },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const close = async () => {
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
  };
  const started = performance.now();
  while (!(await answers(port))) {
    if (performance.now() - started < patienceMs) await sleep(5);
    else {
      await close();
      throw new Error(`${command} does not listen: ${readFileSync(log, 'utf8').slice(-500)}`);
    }
  }
  return { port, close };
}

/** The first version number in what a program says of itself. Throws ENOENT where it is not installed. */
export function versionOfCommand(command, args) {
  return /\d+(\.\d+)+/.exec(execFileSync(command, args, { encoding: 'utf8' }))?.[0];
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => done(true)).on('error', () => done(false));
    socket.on('connect', () => socket.destroy());
  });
}
