import { createHash } from 'node:crypto';
import type { Finding } from '../../base/finding.ts';
import { join } from '../../base/path.ts';
import { type TarFile, tarOf } from '../../base/tar.ts';
import { openIfThere, readInto, readSmall } from '../../fs/read.ts';
import { headFileName } from '../../storage/folder.ts';
import { storeFileName } from '../../storage/store-file.ts';
import type { CommandContext } from '../context.ts';
import { stringify } from '../json-text.ts';
import { verifyPath } from '../verify.ts';
import { bundleReadme } from './bundle-readme.ts';
import type { Diagnosis } from './diagnose.ts';
import { eventsNear } from './events-near.ts';
import { type FileFact, filesOf } from './file-facts.ts';
import { redacted } from './redact.ts';

export interface BundleRequest {
  /** Payloads, results, error texts and commands stay in. */
  withPayloads: boolean;
  /** What runs: walq, Node, platform, arch. */
  versions: Readonly<Record<string, string>>;
}

export interface Bundle {
  /** A tar, not compressed. */
  archive: Uint8Array;
  /** Names in it. */
  files: string[];
}

/** Faults whose bytes go in, and how much around them and of one of them. */
const faultsMax = 20;
const aroundBytes = 4096;
const stretchBytesMax = 64 * 1024;
const smallBytesMax = 64 * 1024;

/**
 * What somebody elsewhere needs to understand the damage: the diagnosis, the verify report, the bytes of each fault
 * with their neighbours, the events around them, names and sizes of all files. Reads only. Rejects with E_READ.
 */
export async function bundleOf(context: CommandContext, diagnosis: Diagnosis, request: BundleRequest): Promise<Bundle> {
  const { store } = diagnosis;
  const faults = diagnosis.findings.filter(({ severity }) => severity !== 'note').slice(0, faultsMax);
  const stretches = await Promise.all(
    faults.map((finding, index) => stretchOf(context, store, finding, index, request.withPayloads)),
  );
  const facts = await filesOf(context.env.fs, store);
  const { target: _target, ...verify } = await verifyPath(context, store);
  const files = [
    textFile('README.txt', bundleReadme(request.withPayloads)),
    textFile('versions.json', json(request.versions)),
    textFile('doctor.json', json(diagnosis)),
    textFile('verify.json', json({ store, ...verify })),
    textFile('files.ndjson', facts.map((fact: FileFact) => `${JSON.stringify(fact)}\n`).join('')),
    textFile('events.ndjson', (await eventsNear(context.env, store, faults, request.withPayloads)).join('')),
    textFile('bytes.json', json(stretches.flatMap((stretch) => stretch?.fact ?? []))),
    ...stretches.flatMap((stretch) => stretch?.file ?? []),
    ...(await smallFiles(context, store)),
  ];
  return { archive: tarOf(files, context.env.clock.now()), files: files.map(({ name }) => name) };
}

/** HEAD and STORE.json hold nothing of any job. */
async function smallFiles({ env }: CommandContext, store: string): Promise<TarFile[]> {
  const names = [headFileName, storeFileName];
  const found = await Promise.all(names.map((name) => readSmall(env.fs, join(store, name), smallBytesMax)));
  return found.flatMap((bytes, index) => (bytes === undefined ? [] : { name: names[index] ?? '', bytes }));
}

async function stretchOf(
  { env }: CommandContext,
  store: string,
  { file, offset, end = offset }: Finding,
  index: number,
  withPayloads: boolean,
): Promise<{ file: TarFile; fact: object } | undefined> {
  if (offset === undefined || end === undefined) return undefined;
  const from = Math.max(0, offset - aroundBytes);
  const source = await openIfThere(env.fs, join(store, file));
  // A segment that is missing has no bytes to show.
  if (source === undefined) return undefined;
  try {
    const buffer = new Uint8Array(Math.min(end + aroundBytes - from, stretchBytesMax));
    const bytes = buffer.subarray(0, await readInto(source, buffer, from));
    const isSegment = file.endsWith('.wal');
    const shown = withPayloads ? bytes : redacted(bytes, { from, isSegment, faultAt: offset });
    const name = `bytes/${String(index + 1).padStart(2, '0')}-${file.replaceAll('/', '_')}-${from}.bin`;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const fact = {
      name,
      file,
      from,
      to: from + bytes.length,
      faultFrom: offset,
      faultTo: end,
      sha256,
      redacted: !withPayloads,
    };
    return { file: { name, bytes: shown }, fact };
  } finally {
    await source.close();
  }
}

function json(value: object): string {
  return `${stringify(value, 2)}\n`;
}

function textFile(name: string, text: string): TarFile {
  return { name, bytes: Buffer.from(text) };
}
