/** Keeps the first and the last bytes of a stream of any length in bounded memory, allocated as it is needed. */
export class HeadTail {
  readonly #headMax: number;
  readonly #tailMax: number;
  #head = Buffer.alloc(0);
  #headLength = 0;
  #ring: Buffer | undefined;
  /** Bytes that ever went into the ring. */
  #ringTotal = 0;

  constructor(headBytesMax: number, tailBytesMax: number) {
    this.#headMax = headBytesMax;
    this.#tailMax = tailBytesMax;
  }

  /** Takes a chunk (it is copied) and returns how many of its bytes went into the head. */
  push(chunk: Uint8Array): number {
    const toHead = Math.min(chunk.length, this.#headMax - this.#headLength);
    if (toHead > 0) this.#pushHead(chunk.subarray(0, toHead));
    if (toHead < chunk.length) this.#pushRing(chunk.subarray(toHead));
    return toHead;
  }

  get total(): number {
    return this.#headLength + this.#ringTotal;
  }

  /** Bytes between head and tail that are gone. */
  get leftOut(): number {
    return Math.max(0, this.#ringTotal - this.#tailMax);
  }

  /** What came after the head, as far as it is kept. */
  tail(): Uint8Array {
    if (this.#ring === undefined) return new Uint8Array(0);
    if (this.#ringTotal <= this.#tailMax) return this.#ring.subarray(0, this.#ringTotal);
    const at = this.#ringTotal % this.#tailMax;
    return Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, at)]);
  }

  /**
   * The last bytes of the whole stream: the tail, with the end of the head before it when nothing is missing between.
   */
  last(): Uint8Array {
    const tail = this.tail();
    const head = this.#head.subarray(0, this.#headLength);
    if (tail.length === 0) return head;
    return this.leftOut > 0 ? tail : Buffer.concat([head, tail]);
  }

  #pushHead(bytes: Uint8Array): void {
    const needed = this.#headLength + bytes.length;
    if (needed > this.#head.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#headMax, Math.max(1024, needed * 2)));
      this.#head.copy(larger, 0, 0, this.#headLength);
      this.#head = larger;
    }
    this.#head.set(bytes, this.#headLength);
    this.#headLength = needed;
  }

  #pushRing(bytes: Uint8Array): void {
    const skipped = Math.max(0, bytes.length - this.#tailMax);
    let rest = bytes.subarray(skipped);
    this.#ringTotal += skipped;
    if (rest.length === 0) return;
    this.#ring ??= Buffer.allocUnsafeSlow(this.#tailMax);
    while (rest.length > 0) {
      const at = this.#ringTotal % this.#tailMax;
      const part = rest.subarray(0, this.#tailMax - at);
      this.#ring.set(part, at);
      this.#ringTotal += part.length;
      rest = rest.subarray(part.length);
    }
  }
}
