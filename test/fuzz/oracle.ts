import { WalqError } from '../../src/base/errors.ts';
import type { Target } from './target.ts';

/** Longest time for one input of at most 64 KiB, milliseconds: generous, as other work shares the machine. */
const parseMsMax = 2000;

/** What came of one input: 'read' or the code of the refusal. Throws for a finding. */
export async function judgeInput(target: Target, bytes: Uint8Array): Promise<string> {
  const started = performance.now();
  const first = await answer(target, bytes);
  const ms = performance.now() - started;
  if (ms > parseMsMax) throw new Error(`took ${Math.round(ms)} ms`);
  const second = await answer(target, bytes);
  if (first.text !== second.text) throw new Error(`not the same answer twice: ${first.text}, then ${second.text}`);
  return first.kind;
}

async function answer(target: Target, bytes: Uint8Array): Promise<{ kind: string; text: string }> {
  try {
    // A copy: a parser that writes into its input is found out.
    return { kind: 'read', text: textOf(await target.parse(bytes.slice())) };
  } catch (error) {
    if (error instanceof WalqError) return { kind: error.code, text: `${error.code} ${error.exit} ${error.message}` };
    throw error;
  }
}

/** Values that nest without end are no finding: only this comparison cannot walk them. */
function textOf(value: unknown): string {
  try {
    return jsonOf(value);
  } catch (error) {
    if (error instanceof RangeError) return 'too deep to compare';
    throw error;
  }
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) ?? 'undefined';
}
