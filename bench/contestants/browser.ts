/** What libraries for the browser want to find in Node: a GPU, and parts of newer JavaScript. */
import { create, globals } from 'webgpu';

// Dawn ends the process when this object is collected while a device is in use.
let gpu: GPU | null = null;

/** Gives Node a `navigator`, with a GPU if wanted. */
export function installNavigator(withGpu: boolean): void {
  if (withGpu) {
    Object.assign(globalThis, globals);
    gpu ??= create([]);
  }
  const navigator = {
    gpu: gpu ?? undefined,
    userAgent: 'node',
    hardwareConcurrency: 1,
  };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
}

/** Gives Node 20 the iterator methods and the array type that jax-js calls; they are there in newer ones. */
export function installNewerJavaScript(): void {
  const prototype: object = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  const methods = {
    map<T, R>(this: Iterable<T>, f: (x: T, i: number) => R) {
      return [...this].map((x, i) => f(x, i))[Symbol.iterator]();
    },
    filter<T>(this: Iterable<T>, f: (x: T, i: number) => boolean) {
      return [...this].filter((x, i) => f(x, i))[Symbol.iterator]();
    },
    toArray<T>(this: Iterable<T>) {
      return [...this];
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    if (name in prototype) continue;
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
  if (!('Float16Array' in globalThis)) {
    Object.assign(globalThis, { Float16Array: class Float16Array extends Uint16Array {} });
  }
}
