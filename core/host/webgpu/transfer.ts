/** Host elements as device memory has them, and back. */
import { bytesOf, type DType, memoryArray, memoryView, type TypedArray } from '../../base/dtype.ts';

/**
 * The elements as the device's memory holds them, in whole words, in memory of their own if need be: booleans are widened, and
 * shared memory is copied, since Dawn in Node 20 crashes on it.
 */
export function toDeviceWords(data: TypedArray, dtype: DType): ArrayBufferView<ArrayBuffer> {
  if (dtype === 'bool') return Uint32Array.from(data, (element) => (element === 0 ? 0 : 1));
  const isWhole = data.byteLength % 4 === 0;
  if (isWhole && data instanceof memoryArray(dtype) && isUnshared(data)) return data;
  const words = new ArrayBuffer(Math.ceil((data.length * bytesOf(dtype)) / 4) * 4);
  memoryView(dtype, words, 0, data.length).set(data);
  return new Uint8Array(words);
}

/** The elements in the form that device memory has, without padding; shared memory is copied. */
export function deviceElements(data: TypedArray, dtype: DType): Uint8Array<ArrayBuffer> {
  const own = toDeviceWords(data, dtype);
  return new Uint8Array(own.buffer, own.byteOffset, data.length * bytesOf(dtype));
}

/** Joins runs of bytes to whole words, the only thing that can be written to a GPU's memory. */
export class WholeWords {
  readonly #write: (words: Uint8Array<ArrayBuffer>) => void;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(write: (words: Uint8Array<ArrayBuffer>) => void) {
    this.#write = write;
  }

  /** Writes all whole words so far; up to three bytes wait for the next. */
  append(bytes: Uint8Array<ArrayBuffer>): void {
    const joined = this.#rest.length === 0 ? bytes : join(this.#rest, bytes);
    const whole = joined.length - (joined.length % 4);
    if (whole > 0) this.#write(joined.subarray(0, whole));
    this.#rest = joined.slice(whole);
  }

  /** Writes what waits, with zeros behind it. */
  finish(): void {
    if (this.#rest.length > 0) this.#write(join(this.#rest, new Uint8Array(4 - this.#rest.length)));
    this.#rest = new Uint8Array(0);
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

const isUnshared = (data: ArrayBufferView): data is ArrayBufferView<ArrayBuffer> =>
  data.buffer instanceof ArrayBuffer;

/** A copy of device memory as elements of this type; booleans as bytes, 16-bit floats as bits. */
export function fromDeviceWords(memory: ArrayBuffer, dtype: DType, length: number): TypedArray {
  const elements = memoryView(dtype, memory, 0, length);
  return dtype === 'bool' ? Uint8Array.from(elements) : elements.slice();
}
