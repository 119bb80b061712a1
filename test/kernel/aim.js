import fs, { openSync } from 'node:fs';

/**
 * strace tampers with every so manieth call of a thread. So that the nth call of some work is hit, each thread first
 * makes calls that change nothing, until so many are left.
 *
 * @typedef {object} Aim
 * @property {string} call Its name in the kernel: pwrite64, fdatasync, fsync, ftruncate, rename, unlink, mkdir.
 * @property {number} period
 * @property {{ main: number, pool: number }} left Of each thread the nth, 1 to `period`.
 */

const nowhere = '/dev/null/none';
const sink = openSync('/dev/null', 'r+');
/** What Node calls them, with arguments that change nothing, and what comes of that where nobody tampers. */
const harmless = {
  pwrite64: { name: 'write', args: [sink, Buffer.alloc(1), 0, 1, 0], usual: 1 },
  fdatasync: { name: 'fdatasync', args: [sink], usual: 'EINVAL' },
  fsync: { name: 'fsync', args: [sink], usual: 'EINVAL' },
  ftruncate: { name: 'ftruncate', args: [sink, 0], usual: 'EINVAL' },
  rename: { name: 'rename', args: [nowhere, nowhere], usual: 'ENOTDIR' },
  unlink: { name: 'unlink', args: [nowhere], usual: 'ENOTDIR' },
  mkdir: { name: 'mkdir', args: [nowhere], usual: 'ENOTDIR' },
};

function inMain({ name, args }) {
  try {
    return fs[`${name}Sync`](...args);
  } catch (error) {
    return error.code;
  }
}

const inPool = ({ name, args }) =>
  new Promise((resolve) => fs[name](...args, (error, value) => resolve(error?.code ?? value)));

/** None of these calls was made yet. */
let fresh = true;

/** @param {Aim} aim */
export async function takeAim({ call, period, left }) {
  const one = harmless[call];
  for (const [thread, make] of Object.entries({ main: inMain, pool: inPool })) {
    let made = 0;
    // Since the last one that was hit: not known, after some work.
    if (!fresh) while ((await make(one)) === one.usual) if (++made > period) throw new Error(`no ${call} is hit`);
    for (made = 0; made < period - left[thread]; made++) await make(one);
  }
  fresh = false;
}
