import { isFsError } from '../../src/base/errors.ts';

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The errno a call failed with, or 'ok'. Anything thrown that is no file system error goes through. */
export async function errnoOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (isFsError(error)) return error.code;
    throw error;
  }
}
