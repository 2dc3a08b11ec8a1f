/** Puts functions together into the bytes of a WebAssembly module. */
import { type Code, flatten, text, unsigned } from './bytes.ts';
import { typeCodes, type ValueType } from './opcodes.ts';

/** Parameters and results of a function. */
export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function being written: its code and its locals. */
export class FunctionBuilder {
  readonly signature: Signature;
  readonly code: Code = [];
  readonly #locals: ValueType[] = [];

  constructor(signature: Signature) {
    this.signature = signature;
  }

  /** A new local, zero at first. */
  local(type: ValueType): number {
    this.#locals.push(type);
    return this.signature.parameters.length + this.#locals.length - 1;
  }

  /** The entry of the code section. */
  body(): number[] {
    const groups: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = groups[groups.length - 1];
      if (last?.type === type) last.count++;
      else groups.push({ type, count: 1 });
    }
    const locals = groups.flatMap(({ type, count }) => [...unsigned(count), typeCodes[type]]);
    const content = [...unsigned(groups.length), ...locals, ...flatten(this.code), 0x0b];
    return concat([unsigned(content.length), content]);
  }
}

/** A function that the host or another module supplies, under module name `env`. */
export interface ImportedFunction {
  readonly name: string;
  readonly signature: Signature;
}

/** A module being written: imports a memory as `env.memory`, then functions. */
export class ModuleBuilder {
  readonly #shared: boolean;
  readonly #types: string[] = [];
  readonly #typeBytes: number[][] = [];
  readonly #imports: ImportedFunction[];
  readonly #functions: FunctionBuilder[] = [];
  readonly #exports: { name: string; index: number }[] = [];

  constructor(options: { shared: boolean; imports?: readonly ImportedFunction[] }) {
    this.#shared = options.shared;
    this.#imports = [...(options.imports ?? [])];
  }

  /** The index to call a function by. With a name, it is exported. */
  add(builder: FunctionBuilder, name?: string): number {
    const index = this.#imports.length + this.#functions.length;
    this.#functions.push(builder);
    if (name !== undefined) this.#exports.push({ name, index });
    return index;
  }

  /** The index of an imported function. */
  importIndex(name: string): number {
    return this.#imports.findIndex((imported) => imported.name === name);
  }

  #typeIndex({ parameters, results }: Signature): number {
    const key = `${parameters.join()}>${results.join()}`;
    const found = this.#types.indexOf(key);
    if (found >= 0) return found;
    this.#types.push(key);
    this.#typeBytes.push([
      0x60,
      ...vector(parameters.map((type) => [typeCodes[type]])),
      ...vector(results.map((type) => [typeCodes[type]])),
    ]);
    return this.#types.length - 1;
  }

  /** The finished module. */
  bytes(): Uint8Array<ArrayBuffer> {
    const limits = this.#shared ? [3, 1, ...unsigned(65536)] : [0, 1];
    const memory = [...text('env'), ...text('memory'), 0x02, ...limits];
    const imports = this.#imports.map(({ name, signature }) => [
      ...text('env'),
      ...text(name),
      0x00,
      ...unsigned(this.#typeIndex(signature)),
    ]);
    const declared = this.#functions.map((f) => unsigned(this.#typeIndex(f.signature)));
    const exported = this.#exports.map(({ name, index }) => [
      ...text(name),
      0x00,
      ...unsigned(index),
    ]);
    return new Uint8Array(
      concat([
        [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        section(1, vector(this.#typeBytes)),
        section(2, vector([memory, ...imports])),
        section(3, vector(declared)),
        section(7, vector(exported)),
        section(10, vector(this.#functions.map((f) => f.body()))),
      ]),
    );
  }
}

const vector = (items: readonly number[][]): number[] => concat([unsigned(items.length), ...items]);

const section = (id: number, content: readonly number[]): number[] =>
  concat([[id], unsigned(content.length), content]);

function concat(parts: readonly (readonly number[])[]): number[] {
  const all: number[] = [];
  for (const part of parts) for (const byte of part) all.push(byte);
  return all;
}
