/** Arrays whose elements are on the host alone, until a program needs them. */
import type { TypedArray } from '../base/dtype.ts';
import type { HostData } from '../ir/host-function.ts';
import { ConcreteArray, type Storage } from '../ir/value.ts';

class HostStorage implements Storage {
  readonly deviceName = 'host';
  readonly #data: TypedArray;

  constructor(data: TypedArray) {
    this.#data = data;
  }

  async read(): Promise<TypedArray> {
    return this.readSync();
  }

  readSync(): TypedArray {
    return this.#data.slice();
  }

  peek(): TypedArray {
    return this.#data;
  }

  free(): void {
    // The collector takes the memory once nothing refers to it.
  }
}

/** An array with these elements, which every device can take over and everybody can read at once. */
export const hostArray = ({ aval, data }: HostData): ConcreteArray =>
  new ConcreteArray(aval, new HostStorage(data));
