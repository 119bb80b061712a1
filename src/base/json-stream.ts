import { usageError, WalqError } from './errors.ts';
import { escapeText } from './escape.ts';
import { compactJson, jsonDepthMax, jsonString } from './json.ts';
import { jsonError } from './json-scan.ts';

/**
 * Takes JSON apart while it arrives, in chunks of bytes cut anywhere: containers that the caller opens are walked,
 * everything else comes out whole, checked and compacted, one piece at a time. Memory holds one piece, so an array of
 * a million jobs or a snapshot of gigabytes in one line is no different from a small one.
 *
 * Failures are `WalqError`, exit 2: E_JSON, E_JSON_DEPTH, E_JSON_SIZE (a piece over `bytesMax`). Positions are bytes
 * from the start of the stream.
 */
export interface JsonPiece {
  /** Keys from the root to this value, decoded; '' stands for an array element. */
  path: readonly string[];
  /** The value as written, without space between tokens. */
  text: string;
  /** Its first byte, and the byte after it. */
  offset: number;
  end: number;
}

export interface JsonStreamOptions {
  /** Whether to walk into this container (true) or to take it as one piece. `path` is `[]` at the root. */
  open(path: readonly string[], kind: 'object' | 'array'): boolean;
  /** Accept any number of values at the root, one after another (JSON lines), none included. Default: exactly one. */
  many?: boolean;
  /** Bytes of one piece as written. */
  bytesMax: number;
  depthMax?: number;
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or ]' | ', or }' | 'end';
type Capture = 'none' | 'string' | 'container' | 'scalar';

const words: Record<Expected, string> = {
  value: 'a value',
  'value or ]': "a value or ']'",
  key: 'a key in double quotes',
  'key or }': "a key in double quotes or '}'",
  ':': "':'",
  ', or ]': "',' or ']'",
  ', or }': "',' or '}'",
  end: 'the end',
};

export class JsonPieces {
  readonly #options: JsonStreamOptions;
  readonly #path: string[] = [];
  /** Opened containers, outermost first. */
  readonly #kinds: ('object' | 'array')[] = [];
  #expected: Expected = 'value';
  #position = 0;

  #capture: Capture = 'none';
  #captureStart = 0;
  #saved: Uint8Array[] = [];
  #savedBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(options: JsonStreamOptions) {
    this.#options = options;
  }

  /** Takes the next chunk. The pieces it completes must be drawn before the next call. */
  *push(chunk: Uint8Array): Generator<JsonPiece, void, void> {
    let index = 0;
    while (index < chunk.length) {
      if (this.#capture === 'none') {
        this.#structure(chunk[index] as number, this.#position + index);
        // A captured value begins with the byte just looked at.
        if (!this.#capturing()) index++;
        continue;
      }
      const start = index;
      index = this.#captureEnd(chunk, index);
      this.#save(chunk, start, index);
      if (!this.#capturing()) yield* this.#finishCapture(this.#position + index);
    }
    this.#position += chunk.length;
  }

  /** The end of the input. */
  *end(): Generator<JsonPiece, void, void> {
    if (this.#capture === 'scalar' && this.#kinds.length === 0) {
      this.#capture = 'none';
      yield* this.#finishCapture(this.#position);
    }
    if (this.#capture !== 'none')
      throw jsonError(this.#position, this.#inString ? "a closing '\"'" : 'the rest of a value', undefined);
    const complete = this.#expected === 'end' || (this.#options.many === true && this.#kinds.length === 0);
    if (!complete) throw jsonError(this.#position, words[this.#expected], undefined);
  }

  #capturing(): boolean {
    return this.#capture !== 'none';
  }

  /** One byte between values. Begins a capture, or moves the expectation on. */
  #structure(byte: number, at: number): void {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return;
    const expected = this.#expected;
    if (closes(expected, byte)) this.#close();
    else if (expected === 'value' || expected === 'value or ]') this.#beginValue(byte, at);
    else if ((expected === 'key' || expected === 'key or }') && byte === 0x22) this.#beginCapture('string', at);
    else if (expected === ':' && byte === 0x3a) this.#expected = 'value';
    else if (expected === ', or ]' && byte === 0x2c) this.#expected = 'value';
    else if (expected === ', or }' && byte === 0x2c) {
      this.#path.pop();
      this.#expected = 'key';
    } else {
      const found = byte < 0x80 ? escapeText(String.fromCharCode(byte)) : `byte 0x${byte.toString(16)}`;
      throw jsonError(at, words[expected], found);
    }
  }

  #beginValue(byte: number, at: number): void {
    const kind = byte === 0x7b ? 'object' : byte === 0x5b ? 'array' : undefined;
    if (kind === undefined || !this.#options.open(this.#path, kind)) {
      this.#beginCapture(kind !== undefined ? 'container' : byte === 0x22 ? 'string' : 'scalar', at);
      return;
    }
    const max = this.#options.depthMax ?? jsonDepthMax;
    if (this.#kinds.length >= max) {
      const message = `JSON is nested too deeply at position ${at}: more than ${max} levels`;
      throw usageError('E_JSON_DEPTH', message, { data: { position: at, max } });
    }
    this.#kinds.push(kind);
    if (kind === 'array') this.#path.push('');
    this.#expected = kind === 'object' ? 'key or }' : 'value or ]';
  }

  #close(): void {
    const kind = this.#kinds.pop();
    // An array's '' and the key of an object's last member; an empty object has pushed none.
    if (kind === 'array' || this.#expected === ', or }') this.#path.pop();
    this.#afterValue();
  }

  #afterValue(): void {
    const kind = this.#kinds.at(-1);
    if (kind === undefined) {
      this.#expected = this.#options.many === true ? 'value' : 'end';
    } else {
      this.#expected = kind === 'object' ? ', or }' : ', or ]';
    }
  }

  #beginCapture(capture: Capture, at: number): void {
    this.#capture = capture;
    this.#captureStart = at;
    this.#saved = [];
    this.#savedBytes = 0;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
  }

  /**
   * Index after the last byte of the captured value in this chunk; sets the capture to 'none' when the value is
   * complete.
   */
  #captureEnd(chunk: Uint8Array, from: number): number {
    const scalar = this.#capture === 'scalar';
    let inString = this.#inString;
    let escaped = this.#escaped;
    let depth = this.#depth;
    let index = from;
    let done = false;
    for (; index < chunk.length && !done; index++) {
      const byte = chunk[index] as number;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === 0x5c) escaped = true;
        else if (byte === 0x22) {
          inString = false;
          done = depth === 0;
        }
      } else if (scalar) {
        if (isDelimiter(byte)) {
          this.#capture = 'none';
          return index;
        }
      } else if (byte === 0x22) inString = true;
      else if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) done = --depth === 0;
    }
    this.#inString = inString;
    this.#escaped = escaped;
    this.#depth = depth;
    if (done) this.#capture = 'none';
    return index;
  }

  #save(chunk: Uint8Array, start: number, end: number): void {
    this.#savedBytes += end - start;
    const max = this.#options.bytesMax;
    if (this.#savedBytes > max) {
      const message = `JSON value at position ${this.#captureStart} is too large: over ${max} bytes`;
      throw usageError('E_JSON_SIZE', message, { data: { position: this.#captureStart, max } });
    }
    // The caller may fill its buffer anew, so what is not complete yet is copied.
    const part = chunk.subarray(start, end);
    if (end > start) this.#saved.push(this.#capture === 'none' ? part : Uint8Array.from(part));
  }

  *#finishCapture(end: number): Generator<JsonPiece, void, void> {
    const offset = this.#captureStart;
    const bytes = this.#saved.length === 1 ? (this.#saved[0] as Uint8Array) : Buffer.concat(this.#saved);
    this.#saved = [];
    if (this.#expected === 'key' || this.#expected === 'key or }') {
      this.#path.push(jsonString(check(bytes, offset, 1)));
      this.#expected = ':';
      return;
    }
    const depthLeft = (this.#options.depthMax ?? jsonDepthMax) - this.#kinds.length;
    const piece = { path: [...this.#path], text: check(bytes, offset, depthLeft), offset, end };
    this.#afterValue();
    yield piece;
  }
}

function closes(expected: Expected, byte: number): boolean {
  if (byte === 0x5d) return expected === 'value or ]' || expected === ', or ]';
  return byte === 0x7d && (expected === 'key or }' || expected === ', or }');
}

function isDelimiter(byte: number): boolean {
  return (
    byte === 0x2c || byte === 0x5d || byte === 0x7d || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function check(bytes: Uint8Array, offset: number, depthMax: number): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw jsonError(offset, 'valid UTF-8', 'a byte that is not');
  }
  try {
    return compactJson(text, { depthMax, bytesMax: bytes.length });
  } catch (error) {
    if (!(error instanceof WalqError) || typeof error.data.position !== 'number') throw error;
    const position = offset + Buffer.byteLength(text.slice(0, error.data.position));
    if (error.code === 'E_JSON') {
      const found = error.data.found;
      // The end of the piece is not the end of the stream: what ended it is what was found.
      throw jsonError(
        position,
        String(error.data.expected),
        typeof found === 'string' ? found : 'the end of the value',
      );
    }
    throw usageError(error.code, error.message, { data: { ...error.data, position } });
  }
}
