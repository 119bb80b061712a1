import * as fs from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { median, quantile } from './measure.js';

const samples = 300;
const tmpfsMagic = 0x01021994;

/** The machine as far as numbers depend on it. `folder` is where the stores will be. */
export function describeMachine(folder) {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    inMemory: process.platform === 'linux' && fs.statfsSync(folder).type === tmpfsMagic,
    fsync: probeSync(folder),
    memoryNs: probeMemory(),
  };
}

export function freeBytes(folder) {
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}

/** Mean number of runnable processes in the last minute. */
export function load() {
  return Math.round(loadavg()[0] * 10) / 10;
}

/** 4 KiB at the end of a file, then fdatasync: milliseconds. */
function probeSync(folder) {
  const path = join(folder, 'probe');
  const fd = fs.openSync(path, 'wx');
  const page = Buffer.alloc(4096, 1);
  const times = [];
  for (let at = 0; at < samples; at++) {
    const started = performance.now();
    fs.writeSync(fd, page, 0, page.length, at * page.length);
    fs.fdatasyncSync(fd);
    times.push(performance.now() - started);
  }
  fs.closeSync(fd);
  fs.unlinkSync(path);
  return { p50Ms: rounded(median(times)), p99Ms: rounded(quantile(times, 0.99)) };
}

/**
 * Nanoseconds of one read at a random place in 64 MiB. On a shared machine that takes twice as long in some hours, and
 * with it everything that makes objects.
 */
function probeMemory() {
  const places = 2 ** 24;
  const next = new Int32Array(places);
  // Each place names another one, and the walk comes through all of them.
  for (let at = 0; at < places; at++) next[at] = (Math.imul(at, 1_664_525) + 1_013_904_223) & (places - 1);
  const reads = 500_000;
  let at = 0;
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now();
    for (let read = 0; read < reads; read++) at = next[at];
    return (performance.now() - started) / reads;
  });
  return Math.round(median(times) * 1e6);
}

function rounded(ms) {
  return Math.round(ms * 1000) / 1000;
}
