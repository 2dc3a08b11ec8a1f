/**
 * Values: what user code holds in its hands. A value is either an array in device memory
 * or a tracer, which stands for an array of a program that is being built.
 */
import type { Aval, Shape } from '../base/aval.ts';
import { showAval, sizeOf } from '../base/aval.ts';
import { type CallSite, captureSite, showSite } from '../base/call-site.ts';
import type { DType, TypedArray } from '../base/dtype.ts';
import { fromRaw } from '../base/half.ts';
import { escapedTracer, notPlainData, readUnderTrace, usedAfterDisposal } from './errors.ts';
import type { Var } from './program.ts';

/** An array's elements as nested JavaScript arrays, or one element for a scalar. */
export type Nested = number | boolean | readonly Nested[];

/** Everything that an operation accepts as an operand. */
export type ValueLike = Value | number | boolean;

/**
 * An immutable array, or its stand-in while a program is traced.
 *
 * Methods such as `x.add(y)` are attached by the array API (core/numpy/methods.ts).
 */
export abstract class Value {
  readonly aval: Aval;

  constructor(aval: Aval) {
    this.aval = aval;
  }

  /** Sizes of the axes, outermost first. */
  get shape(): Shape {
    return this.aval.shape;
  }

  /** The element type. */
  get dtype(): DType {
    return this.aval.dtype;
  }

  /** The number of axes. */
  get ndim(): number {
    return this.aval.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.aval.shape);
  }

  /** The elements in row-major order. Booleans come as bytes 0 and 1, floats of 16 bits as float32. */
  abstract data(): Promise<TypedArray>;

  /** The elements as they are in memory: floats of 16 bits as their bits, a Uint16Array; others as {@link data}. */
  abstract rawData(): Promise<TypedArray>;

  /** The elements, without waiting. Only on devices whose memory the host can see (`wasm`, `js`). */
  abstract dataSync(): TypedArray;

  /** Frees the memory now. Using the array afterwards is an error. */
  abstract dispose(): void;

  /** `f32[2, 3]`, and the values if they are on the host already. */
  abstract toString(): string;

  /** `using x = …` frees the array at the end of the block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The part of a trace that its tracers know: whether it is still being built. */
export interface TraceOwner {
  readonly isOpen: boolean;
  readonly name: string;
}

/** Stands for an array of the program that `owner` is building. */
export class Tracer extends Value {
  readonly variable: Var;
  readonly owner: TraceOwner;
  readonly site: CallSite;

  constructor(variable: Var, owner: TraceOwner, site: CallSite) {
    super(variable.aval);
    this.variable = variable;
    this.owner = owner;
    this.site = site;
  }

  #refuse(): never {
    throw this.owner.isOpen
      ? readUnderTrace(this.toString(), this.owner.name)
      : escapedTracer(this.toString(), this.owner.name, showSite(this.site));
  }

  data(): Promise<TypedArray> {
    this.#refuse();
  }

  rawData(): Promise<TypedArray> {
    this.#refuse();
  }

  dataSync(): TypedArray {
    this.#refuse();
  }

  dispose(): void {
    // Inside a program there is nothing to free: memory is planned by the compiler.
  }

  toString(): string {
    return `traced ${showAval(this.aval)}`;
  }
}

/** Device memory that holds one array. Owned by the host layer. Elements are as in memory, see {@link Value.rawData}. */
export interface Storage {
  /** The device that owns it, by name. */
  readonly deviceName: string;
  read(): Promise<TypedArray>;
  readSync(): TypedArray;
  /** The elements if they are on the host already, for printing. */
  peek(): TypedArray | null;
  free(): void;
}

/** An array in device memory. */
export class ConcreteArray extends Value {
  #storage: Storage | null;
  #end: { readonly how: 'disposed' | 'donated'; readonly site: CallSite } | null = null;

  constructor(aval: Aval, storage: Storage) {
    super(aval);
    this.#storage = storage;
  }

  /** The memory. Throws if it was given up. */
  get storage(): Storage {
    if (this.#storage === null) {
      throw usedAfterDisposal(
        showAval(this.aval),
        this.#end?.how ?? 'disposed',
        showSite(this.#end?.site ?? null),
      );
    }
    return this.#storage;
  }

  /** True after `dispose()` or donation. */
  get isGone(): boolean {
    return this.#storage === null;
  }

  /** Gives up the memory without freeing it: a program that takes it over will. */
  donate(): Storage {
    const { storage } = this;
    this.#storage = null;
    this.#end = { how: 'donated', site: captureSite() };
    return storage;
  }

  async data(): Promise<TypedArray> {
    return fromRaw(await this.storage.read(), this.dtype);
  }

  rawData(): Promise<TypedArray> {
    return this.storage.read();
  }

  dataSync(): TypedArray {
    return fromRaw(this.storage.readSync(), this.dtype);
  }

  dispose(): void {
    if (this.#storage === null) return;
    this.#storage.free();
    this.#storage = null;
    this.#end = { how: 'disposed', site: captureSite() };
  }

  toString(): string {
    if (this.#storage === null) return `${showAval(this.aval)} (${this.#end?.how ?? 'gone'})`;
    const raw = this.size <= 1000 ? this.#storage.peek() : null;
    const data = raw === null ? null : fromRaw(raw, this.dtype);
    return data === null
      ? showAval(this.aval)
      : `${showAval(this.aval)} ${showData(data, this.shape)}`;
  }
}

/** Nested brackets around the elements. */
function showData(data: TypedArray, shape: Shape): string {
  if (shape.length === 0) return String(data[0]);
  const [size = 0, ...rest] = shape;
  const step = sizeOf(rest);
  const rows = Array.from({ length: size }, (_, i) =>
    showData(data.subarray(i * step, (i + 1) * step), rest),
  );
  return `[${rows.join(', ')}]`;
}

/** What JavaScript does to objects behind the user's back, each of which would give a wrong result. */
function forbidCoercion(): void {
  const refuse = (how: string) =>
    function (this: Value): never {
      throw notPlainData(this.toString(), how);
    };
  const prototype: object = Value.prototype;
  Object.defineProperties(prototype, {
    [Symbol.toPrimitive]: {
      value(this: Value, hint: string): never {
        throw notPlainData(
          this.toString(),
          hint === 'string'
            ? 'a template string or property key'
            : 'plain arithmetic or a comparison',
        );
      },
    },
    toJSON: { value: refuse('JSON.stringify') },
    [Symbol.iterator]: { value: refuse('iteration or spread') },
    [Symbol.for('nodejs.util.inspect.custom')]: {
      value(this: Value): string {
        return this.toString();
      },
    },
  });
}
forbidCoercion();
