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

const isUnshared = (data: ArrayBufferView): data is ArrayBufferView<ArrayBuffer> =>
  data.buffer instanceof ArrayBuffer;

/** A copy of device memory as elements of this type; booleans as bytes, 16-bit floats as bits. */
export function fromDeviceWords(memory: ArrayBuffer, dtype: DType, length: number): TypedArray {
  const elements = memoryView(dtype, memory, 0, length);
  return dtype === 'bool' ? Uint8Array.from(elements) : elements.slice();
}
