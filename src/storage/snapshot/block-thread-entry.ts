import { parentPort } from 'node:worker_threads';
import { asBuffer } from '../../base/bytes.ts';
import { packBlock, unpackChecked } from './block.ts';
import type { FromBlockThread, ToBlockThread } from './block-thread.ts';
import { isFault } from './block-types.ts';

/** What runs in the thread for the blocks of a snapshot: it is asked, and answers. */

function tell(said: FromBlockThread, bytes?: Uint8Array<ArrayBuffer>): void {
  parentPort?.postMessage(said, bytes === undefined ? [] : [bytes.buffer]);
}

/** In a piece of memory of their own, which can be handed over as it is. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isOwn = bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length;
  return isOwn ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}

async function answer(asked: ToBlockThread): Promise<void> {
  const { number } = asked;
  if (asked.kind === 'pack') {
    const { codec, stored } = await packBlock(asBuffer(asked.raw), asked.codec);
    const bytes = own(stored);
    tell({ number, kind: 'packed', codec, stored: bytes }, bytes);
    return;
  }
  const raw = await unpackChecked(asBuffer(asked.stored), asked.block);
  if (isFault(raw)) return tell({ number, kind: 'fault', fault: raw });
  const bytes = own(raw);
  tell({ number, kind: 'unpacked', raw: bytes }, bytes);
}

parentPort?.on('message', (asked: ToBlockThread) => {
  // Whoever asked does it again, and meets the failure there.
  answer(asked).catch(() => tell({ number: asked.number, kind: 'failed' }));
});
// What was asked cannot be read, for want of memory: it is done where it comes from.
parentPort?.once('messageerror', () => parentPort?.close());
tell({ number: 0, kind: 'ready' });
