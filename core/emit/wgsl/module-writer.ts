/** What all WGSL kernels share: bindings, the library functions in use, and assembly of the text. */
import type { DType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { KernelBuffer } from '../../compile/kernel.ts';
import type { Source } from '../../ir/expr.ts';
import { type HelperName, helperText } from './helpers/index.ts';
import { memoryType } from './types.ts';

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
  readonly type: string;
  readonly length: number;
  readonly access: Binding['access'];
  /** Bound as vectors of four. */
  isByFours: boolean;
}

const elementBytes = 4;

/** Collects the parts of one shader. */
export class ModuleWriter {
  readonly #helpers = new Set<HelperName>();
  readonly #declarations: string[] = [];
  readonly #extensions = new Set<string>();
  readonly #variables: readonly Variable[];
  readonly #variableOf = new Map<Source, Variable>();

  constructor(buffers: readonly KernelBuffer[], { bindingOf, isWritable }: BindingPlan) {
    const variables: Variable[] = [];
    buffers.forEach(({ source, access }, i) => {
      const binding = bindingOf[i] ?? i;
      const known = variables[binding];
      const isUpdate =
        access !== 'read' || isWritable[binding] === true || known?.access === 'update';
      variables[binding] = {
        name: `b${binding}`,
        type: known?.type ?? memoryType[source.dtype],
        length: Math.max(1, known?.length ?? 1, source.length),
        access: isUpdate ? 'update' : 'read',
        isByFours: false,
      };
    });
    buffers.forEach(({ source }, i) => {
      const variable = variables[bindingOf[i] ?? i];
      invariant(variable !== undefined, 'a buffer without a binding');
      this.#variableOf.set(source, variable);
    });
    this.#variables = variables;
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
    this.#extensions.add(extension);
  }

  /** Binds arrays as vectors of four, where all arrays of the same binding are among `sources`. */
  bindByFours(sources: ReadonlySet<Source>): void {
    const held = [...this.#variableOf];
    for (const variable of this.#variables) {
      const inside = held.filter(([, other]) => other === variable).map(([source]) => source);
      variable.isByFours = inside.length > 0 && inside.every((source) => sources.has(source));
    }
  }

  /** True for an array that is read and written four elements at a time. */
  isByFours(source: Source): boolean {
    return this.#variable(source).isByFours;
  }

  /** Elements 4·index … 4·index + 3 as they are in memory. */
  four(source: Source, index: string): string {
    const { name, type } = this.#variable(source);
    const wanted = memoryType[source.dtype];
    return type === wanted ? `${name}[${index}]` : `bitcast<vec4<${wanted}>>(${name}[${index}])`;
  }

  /** A statement that writes elements 4·index … 4·index + 3, given as they are in memory. */
  assignFour(source: Source, index: string, values: readonly string[]): string {
    const { name, type } = this.#variable(source);
    const four = `vec4<${memoryType[source.dtype]}>(${values.join(', ')})`;
    const stored = type === memoryType[source.dtype] ? four : `bitcast<vec4<${type}>>(${four})`;
    return `${name}[${index}] = ${stored};`;
  }

  /** The element of an array in memory, to be read as the type that it is in memory. */
  element(source: Source, index: string): string {
    const { name, type } = this.#variable(source);
    const wanted = memoryType[source.dtype];
    return type === wanted ? `${name}[${index}]` : `bitcast<${wanted}>(${name}[${index}])`;
  }

  /** A statement that writes a value of the array's own type (booleans as u32). */
  assign(source: Source, index: string, value: string): string {
    const { name, type } = this.#variable(source);
    const stored = type === memoryType[source.dtype] ? value : `bitcast<${type}>(${value})`;
    return `${name}[${index}] = ${stored};`;
  }

  get bindings(): readonly Binding[] {
    return this.#variables.map(({ access, length }) => ({ access, bytes: length * elementBytes }));
  }

  /** The whole shader around `functions`. */
  text(name: string, functions: string): string {
    const variables = this.#variables.map(
      ({ name: variable, type, length, access, isByFours }, i) =>
        `@group(0) @binding(${i}) var<storage, ${access === 'read' ? 'read' : 'read_write'}> ` +
        `${variable}: array<${isByFours ? `vec4<${type}>, ${length / 4}` : `${type}, ${length}`}>;`,
    );
    const helpers = helperText(this.#helpers);
    const extensions = [...this.#extensions].map((extension) => `enable ${extension};`);
    const parts = [
      `// ${name}`,
      ...extensions,
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
export const toMemory = (text: string, dtype: DType): string =>
  dtype === 'bool' ? `u32(${text})` : text;

/** An element of memory as a value of this type. */
export const fromMemory = (text: string, dtype: DType): string =>
  dtype === 'bool' ? `(${text} != 0u)` : text;
