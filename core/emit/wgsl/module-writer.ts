/** What all WGSL kernels share: bindings, the library functions in use, and assembly of the text. */
import {
  bytesOf,
  isStorageType,
  type ScalarType,
  type StorageType,
  scalarTypeOf,
  shortName,
} from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { KernelBuffer } from '../../compile/kernel.ts';
import type { Source } from '../../ir/expr.ts';
import { type HelperName, helperText } from './helpers/index.ts';
import { memoryType, valueType } from './types.ts';

/** One storage buffer of the shader. */
export interface Binding {
  /** `update` is WGSL's read_write. */
  readonly access: 'read' | 'update';
  /** Bytes that it must have at least. */
  readonly bytes: number;
}

/** How the buffers of a kernel are bound. */
export interface BindingPlan {
  /**
   * The binding of each of the kernel's buffers. Buffers that live in the same memory share one, since
   * WebGPU refuses to bind writable memory twice.
   */
  readonly bindingOf: readonly number[];
  /** Per binding: whether it must be declared writable although the kernel only reads it. */
  readonly isWritable: readonly boolean[];
}

/** Every buffer by itself, writable if it is written. */
export const separateBindings = (buffers: readonly KernelBuffer[]): BindingPlan => ({
  bindingOf: buffers.map((_, i) => i),
  isWritable: buffers.map(({ access }) => access !== 'read'),
});

interface Variable {
  readonly name: string;
  /** Of an element: a word, or half of one. */
  readonly type: string;
  /** Elements. */
  readonly length: number;
  readonly access: Binding['access'];
  /** Bound as vectors of four. */
  isByFours: boolean;
}

const wordBytes = 4;

/** The functions that take elements out of words. */
const readers = {
  bfloat16: 'bf16_at',
  float16: 'f16_at',
  int16: 'i16_at',
  uint16: 'u16_at',
  int8: 'i8_at',
  uint8: 'u8_at',
} as const satisfies Record<StorageType, HelperName>;

/** The WGSL type of a word in memory: packed arrays are words of several elements. */
const wordType = ({ dtype }: Source): string => (isStorageType(dtype) ? 'u32' : memoryType[dtype]);

const half = 'f16';

/** Collects the parts of one shader. */
export class ModuleWriter {
  readonly #helpers = new Set<HelperName>();
  readonly #declarations: string[] = [];
  readonly #directives = new Set<string>();
  readonly #variables: readonly Variable[];
  readonly #variableOf = new Map<Source, Variable>();
  readonly #halves: ReadonlySet<Source>;

  /** @param halves - Arrays of floats that are floats of 16 bits in memory. */
  constructor(
    buffers: readonly KernelBuffer[],
    { bindingOf, isWritable }: BindingPlan,
    halves: ReadonlySet<Source> = new Set(),
  ) {
    this.#halves = halves;
    const variables: Variable[] = [];
    buffers.forEach(({ source, access }, i) => {
      const binding = bindingOf[i] ?? i;
      const known = variables[binding];
      const isUpdate =
        access !== 'read' || isWritable[binding] === true || known?.access === 'update';
      variables[binding] = {
        name: `b${binding}`,
        type: known?.type ?? wordType(source),
        length: Math.max(1, known?.length ?? 1, this.#wordsOf(source)),
        access: isUpdate ? 'update' : 'read',
        isByFours: false,
      };
    });
    this.#variables = variables.map((variable, binding) =>
      buffers.some(({ source }, i) => (bindingOf[i] ?? i) === binding && halves.has(source))
        ? { ...variable, type: half, length: 2 * variable.length }
        : variable,
    );
    if (halves.size > 0) this.enable(half);
    buffers.forEach(({ source }, i) => {
      const variable = this.#variables[bindingOf[i] ?? i];
      invariant(variable !== undefined, 'a buffer without a binding');
      this.#variableOf.set(source, variable);
    });
  }

  #wordsOf(source: Source): number {
    const bytes = this.#halves.has(source) ? wordBytes / 2 : bytesOf(source.dtype);
    return Math.ceil((source.length * bytes) / wordBytes);
  }

  /** Names a library function and includes it. */
  readonly use = (name: HelperName): string => {
    this.#helpers.add(name);
    return name;
  };

  /** Adds a module-scope declaration; the same text is added once. */
  declare(text: string): void {
    if (!this.#declarations.includes(text)) this.#declarations.push(text);
  }

  /** Asks for a feature of the language that the device must have. */
  enable(extension: string): void {
    this.#directives.add(`enable ${extension};`);
  }

  /** Turns off a rule of the shader compiler. */
  turnOff(rule: string): void {
    this.#directives.add(`diagnostic(off, ${rule});`);
  }

  /** Binds arrays as vectors of four, where all arrays of the same binding are among `sources`. */
  bindByFours(sources: ReadonlySet<Source>): void {
    const held = [...this.#variableOf];
    for (const variable of this.#variables) {
      const inside = held.filter(([, other]) => other === variable).map(([source]) => source);
      const isHalf = variable.type === half;
      variable.isByFours =
        inside.length > 0 &&
        inside.every((source) => sources.has(source) && this.#halves.has(source) === isHalf);
    }
  }

  /** True for an array that is read and written four elements at a time. */
  isByFours(source: Source): boolean {
    return this.#variable(source).isByFours;
  }

  /** Elements 4·index … 4·index + 3 as they are in memory. */
  four(source: Source, index: string): string {
    const { name, type } = this.#variable(source);
    if (type === half) return `vec4<f32>(${name}[${index}])`;
    const wanted = wordType(source);
    return type === wanted ? `${name}[${index}]` : `bitcast<vec4<${wanted}>>(${name}[${index}])`;
  }

  /** A statement that writes elements 4·index … 4·index + 3, given as they are in memory. */
  assignFour(source: Source, index: string, values: readonly string[]): string {
    const { name, type } = this.#variable(source);
    const four = `vec4<${wordType(source)}>(${values.join(', ')})`;
    if (type === half) return `${name}[${index}] = vec4<f16>(${four});`;
    const stored = type === wordType(source) ? four : `bitcast<vec4<${type}>>(${four})`;
    return `${name}[${index}] = ${stored};`;
  }

  /** Elements 4·index … 4·index + 3 of a packed array, as values. */
  packedFour(source: Source, index: string): string {
    const { dtype } = source;
    invariant(isStorageType(dtype), 'words of several elements');
    const { name } = this.#variable(source);
    const reader = this.use(readers[dtype]);
    const type = `vec4<${valueType[scalarTypeOf(dtype)]}>`;
    const [words, word] =
      bytesOf(dtype) === 1
        ? [[this.#word(source, 'at')], (): string => 'w0']
        : [
            [this.#word(source, '2i * at'), this.#word(source, '2i * at + 1i')],
            (lane: number): string => `w${lane >> 1}`,
          ];
    const named = words.map((text, i) => `let w${i} = ${text};`).join(' ');
    const lanes = [0, 1, 2, 3].map((lane) => `${reader}(${word(lane)}, ${lane}i)`).join(', ');
    const called = `${name}_${shortName(dtype)}_four`;
    this.declare(`fn ${called}(at: i32) -> ${type} { ${named} return ${type}(${lanes}); }`);
    return `${called}(${index})`;
  }

  /** The element of an array in memory, as a value; `index` may appear twice. Raw: its bits. */
  element(source: Source, index: string, isRaw = false): string {
    const { dtype } = source;
    const size = bytesOf(dtype);
    if (!isStorageType(dtype)) return fromMemory(this.#word(source, index), dtype);
    const word = this.#word(source, `(${index}) >> ${size === 1 ? 2 : 1}u`);
    const reader = isRaw ? (size === 1 ? 'u8_at' : 'u16_at') : readers[dtype];
    return `${this.use(reader)}(${word}, ${index})`;
  }

  /** A word of an array in memory, as the type that it is in memory. */
  #word(source: Source, index: string): string {
    const { name, type } = this.#variable(source);
    const wanted = wordType(source);
    if (type === half) {
      return this.#halves.has(source)
        ? `f32(${name}[${index}])`
        : `bitcast<${wanted}>(vec2<f16>(${name}[2i * (${index})], ${name}[2i * (${index}) + 1i]))`;
    }
    return type === wanted ? `${name}[${index}]` : `bitcast<${wanted}>(${name}[${index}])`;
  }

  /** A statement that writes a value of the array's own type (booleans as u32), or a word of a packed array. */
  assign(source: Source, index: string, value: string): string {
    const { name, type } = this.#variable(source);
    if (type === half) {
      if (this.#halves.has(source)) return `${name}[${index}] = f16(${value});`;
      const [first, second] = [`${name}[2i * (${index})]`, `${name}[2i * (${index}) + 1i]`];
      return `{ let word = bitcast<vec2<f16>>(${value}); ${first} = word.x; ${second} = word.y; }`;
    }
    const stored = type === wordType(source) ? value : `bitcast<${type}>(${value})`;
    return `${name}[${index}] = ${stored};`;
  }

  get bindings(): readonly Binding[] {
    return this.#variables.map(({ access, length, type }) => ({
      access,
      bytes: length * (type === half ? wordBytes / 2 : wordBytes),
    }));
  }

  /** The whole shader around `functions`. */
  text(name: string, functions: string): string {
    const variables = this.#variables.map(
      ({ name: variable, type, length, access, isByFours }, i) =>
        `@group(0) @binding(${i}) var<storage, ${access === 'read' ? 'read' : 'read_write'}> ` +
        `${variable}: array<${isByFours ? `vec4<${type}>, ${length / 4}` : `${type}, ${length}`}>;`,
    );
    const helpers = helperText(this.#helpers);
    const parts = [
      `// ${name}`,
      ...this.#directives,
      ...variables,
      ...this.#declarations,
      helpers,
      functions,
    ];
    return `${parts.filter((part) => part !== '').join('\n')}\n`;
  }

  #variable(source: Source): Variable {
    const variable = this.#variableOf.get(source);
    invariant(variable !== undefined, 'a load from an array that is not bound');
    return variable;
  }
}

/** A value of this type as it is put in memory. */
export const toMemory = (text: string, dtype: ScalarType): string =>
  dtype === 'bool' ? `u32(${text})` : text;

/** An element of memory as a value of this type. */
export const fromMemory = (text: string, dtype: ScalarType): string =>
  dtype === 'bool' ? `(${text} != 0u)` : text;
