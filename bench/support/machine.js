import * as fs from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
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
    crcGbPerSecond: probeCrc(),
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

/** How quick the processor is in this hour: CRC-32 over memory. */
function probeCrc() {
  const bytes = Buffer.alloc(64 * 1024 * 1024, 1);
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now();
    crc32(bytes);
    return performance.now() - started;
  });
  return Math.round(bytes.length / median(times) / 1e5) / 10;
}

function rounded(ms) {
  return Math.round(ms * 1000) / 1000;
}
