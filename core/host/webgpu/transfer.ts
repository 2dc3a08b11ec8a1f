/** Host elements as device memory has them, and back. */
import type { DType, TypedArray } from '../../base/dtype.ts';

/**
 * The elements as 32-bit words of this type, in memory of their own if need be: booleans are widened, and
 * shared memory is copied, since Dawn in Node 20 crashes on it.
 */
export function toDeviceWords(data: TypedArray, dtype: DType): ArrayBufferView<ArrayBuffer> {
  switch (dtype) {
    case 'float32':
      return data instanceof Float32Array && isUnshared(data) ? data : new Float32Array(data);
    case 'int32':
      return data instanceof Int32Array && isUnshared(data) ? data : new Int32Array(data);
    case 'uint32':
      return data instanceof Uint32Array && isUnshared(data) ? data : new Uint32Array(data);
    case 'bool':
      return Uint32Array.from(data, (element) => (element === 0 ? 0 : 1));
  }
}

const isUnshared = (data: ArrayBufferView): data is ArrayBufferView<ArrayBuffer> =>
  data.buffer instanceof ArrayBuffer;

/** A copy of device memory as elements of this type; booleans as bytes. */
export function fromDeviceWords(memory: ArrayBuffer, dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(memory, 0, length).slice();
    case 'int32':
      return new Int32Array(memory, 0, length).slice();
    case 'uint32':
      return new Uint32Array(memory, 0, length).slice();
    case 'bool':
      return Uint8Array.from(new Uint32Array(memory, 0, length));
  }
}
