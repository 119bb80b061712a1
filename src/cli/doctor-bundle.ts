import { gzipSync } from 'node:zlib';
import { usageError } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { bundleOf } from '../commands/doctor/bundle.ts';
import type { Diagnosis } from '../commands/doctor/diagnose.ts';
import { refuseFile, writeNewFile } from '../commands/out-file.ts';
import type { Session } from './session.ts';
import { bytes, counted } from './text.ts';
import { version } from './version.ts';

export interface BundleFlags {
  bundle?: string;
  withPayloads?: boolean;
}

export interface BundleWritten {
  file: string;
  bytes: number;
  files: string[];
  payloads: boolean;
}

/** Before anything is read: E_FILE_EXISTS (7), E_USAGE (2). */
export async function refuseBundle(session: Session, { bundle, withPayloads }: BundleFlags): Promise<void> {
  if (bundle !== undefined) await refuseFile(session.context, bundle, '--bundle');
  else if (withPayloads)
    throw usageError('E_USAGE', '--with-payloads says what goes into a --bundle: name its file too');
}

/** Throws E_READ, E_NO_SPACE, E_IO (74); then no file is left. */
export async function writeBundle(
  session: Session,
  diagnosis: Diagnosis,
  file: string,
  payloads: boolean,
): Promise<BundleWritten> {
  const versions = { walq: version(), node: process.version, platform: process.platform, arch: process.arch };
  const { archive, files } = await bundleOf(session.context, diagnosis, { withPayloads: payloads, versions });
  const packed = gzipSync(archive);
  await writeNewFile(session.context, file, packed, '--bundle');
  return { file, bytes: packed.length, files, payloads };
}

export function bundleText({ file, bytes: size, files, payloads }: BundleWritten): string {
  const inside = payloads ? 'WITH the payloads of jobs' : 'without payloads; ids and names of jobs are in it';
  return `${escapeText(file)}, ${bytes(size)}, ${counted(files.length, 'file')}, ${inside}`;
}
