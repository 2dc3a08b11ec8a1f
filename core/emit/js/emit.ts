/** Kernel → JavaScript: slow, plain, and what the other backends are tested against. */

import { type DType, isFloat, type ScalarType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { Kernel, KernelStore } from '../../compile/kernel.ts';
import { matmulAsLoop } from '../../compile/matmul-as-loop.ts';
import { type Statement, structure } from '../../compile/structure.ts';
import type { Axis, Expr, Source } from '../../ir/expr.ts';
import { isHalf } from '../../ir/narrow.ts';
import { identityOf, type ReduceOp } from '../../ir/scalar-ops.ts';
import * as scalarMath from './scalar-math.ts';
import { type JsOp, jsOps } from './scalar-table.ts';

/** Number of bits that floats are rounded to after every operation. */
export type Precision = 'float32' | 'float64';

/** A compiled kernel: takes one typed array per buffer. */
export type JsKernel = (...buffers: readonly ArrayBufferView[]) => void;

/** The body of a function of `b0, b1, …` that runs the kernel. */
export function emitJs(kernel: Kernel, precision: Precision): string {
  return new Emitter(kernel, precision).run();
}

/** The function with this body. */
export function instantiateJs(body: string, bufferCount: number): JsKernel {
  const names = Array.from({ length: bufferCount }, (_, i) => `b${i}`);
  const make = new Function('m', 'M', 'R', `return function(${names.join(',')}){\n${body}}`);
  return make(scalarMath, Math, Math.fround) as JsKernel; // The text above is such a function.
}

class Emitter {
  readonly #lines: string[] = [];
  #names = new Map<Expr, string>();
  readonly #axes = new Map<Axis, string>();
  readonly #buffers: ReadonlyMap<Source, number>;
  readonly #locals = new Map<Source, string>();
  readonly #kernel;
  readonly #precision: Precision;
  #count = 0;

  constructor(kernel: Kernel, precision: Precision) {
    this.#precision = precision;
    this.#kernel = kernel.kind === 'loop' ? kernel : matmulAsLoop(kernel);
    // Bindings are those of the kernel that was asked for.
    this.#buffers = new Map(kernel.buffers.map(({ source }, i) => [source, i]));
  }

  run(): string {
    const { parallel, stores, locals = [] } = this.#kernel;
    for (const source of locals) this.#declareLocal(source);
    for (const axis of parallel) this.#open(axis);
    this.#statements(structure(parallel, stores));
    for (const _axis of parallel) this.#lines.push('}');
    return `${this.#lines.join('\n')}\n`;
  }

  #declareLocal(source: Source): void {
    const name = this.#fresh();
    this.#locals.set(source, name);
    const bits = isFloat(source.dtype) && this.#precision === 'float64' ? 64 : 32;
    const kind = isFloat(source.dtype) ? 'Float' : source.dtype === 'int32' ? 'Int' : 'Uint';
    this.#lines.push(`const ${name}=new ${kind}${bits}Array(${source.length});`);
  }

  #fresh(): string {
    return `v${this.#count++}`;
  }

  #open(axis: Axis): void {
    const name = `i${this.#count++}`;
    this.#axes.set(axis, name);
    this.#lines.push(`for(let ${name}=0;${name}<${axis.extent};${name}++){`);
  }

  #statements(statements: readonly Statement[]): void {
    for (const statement of statements) this.#statement(statement);
  }

  #statement(statement: Statement): void {
    switch (statement.kind) {
      case 'let': {
        // It may have had a name before a store.
        this.#names.delete(statement.expr);
        const text = this.#text(statement.expr);
        const name = this.#fresh();
        this.#lines.push(`const ${name}=${text};`);
        this.#names.set(statement.expr, name);
        return;
      }
      case 'cumulate': {
        const { expr } = statement;
        const name = this.#nameOf(expr);
        this.#lines.push(
          `${name}=${this.#combine(expr.op, name, this.#text(expr.value), expr.dtype)};`,
        );
        return;
      }
      case 'store':
        this.#store(statement.store);
        return;
      case 'loop':
        this.#loop(statement);
    }
  }

  #loop({ axis, accumulators, running, body }: Extract<Statement, { kind: 'loop' }>): void {
    const totals = accumulators.map((expr) => ({ expr, name: this.#fresh() }));
    for (const { expr, name } of totals) this.#declare(name, expr.op, expr.dtype);
    for (const expr of running) {
      const name = this.#fresh();
      this.#names.set(expr, name);
      this.#declare(name, expr.op, expr.dtype);
    }
    this.#open(axis);
    // Names of the body end with it: a later loop over the same axis computes the same values anew.
    const outside = new Map(this.#names);
    this.#statements(body);
    for (const { expr, name } of totals) {
      // Sums are kept in double precision, whatever the precision of the result.
      this.#lines.push(
        `${name}=${this.#combine(expr.op, name, this.#text(expr.value), expr.dtype, true)};`,
      );
    }
    this.#lines.push('}');
    this.#names = outside;
    for (const { expr, name } of totals) {
      if (isFloat(expr.dtype)) this.#lines.push(`${name}=${this.#round(name, expr.dtype)};`);
      this.#names.set(expr, name);
    }
  }

  #declare(name: string, op: ReduceOp, dtype: ScalarType): void {
    this.#lines.push(`let ${name}=${this.#literal(identityOf(op, dtype), dtype)};`);
  }

  #nameOf(expr: Expr): string {
    const name = this.#names.get(expr);
    invariant(name !== undefined, 'a running total without a name');
    return name;
  }

  #combine(op: ReduceOp, a: string, b: string, dtype: ScalarType, exact = false): string {
    const emit: JsOp = jsOps[op];
    const text = emit([a, b], dtype, dtype);
    return exact ? text : this.#round(text, dtype);
  }

  #store({ target, index, value, mode, guard }: KernelStore): void {
    const place = `${this.#buffer(target)}[${this.#text(index)}]`;
    const text = this.#text(value);
    const there = this.#fromMemory(place, target.dtype);
    const stored = mode === 'set' ? text : this.#combine(mode, there, text, value.dtype);
    const write = `${place}=${this.#toMemory(stored, target.dtype)};`;
    this.#lines.push(guard === null ? write : `if(${this.#text(guard)}){${write}}`);
  }

  #buffer(source: Source): string {
    const local = this.#locals.get(source);
    if (local !== undefined) return local;
    const binding = this.#buffers.get(source);
    invariant(binding !== undefined, 'a load from an array that is not bound');
    return `b${binding}`;
  }

  #fromMemory(place: string, dtype: DType): string {
    if (isHalf(dtype)) return `m.${dtype}Value(${place})`;
    return dtype === 'bool' ? `(${place}!==0)` : place;
  }

  #toMemory(text: string, dtype: DType): string {
    if (isHalf(dtype)) return `m.${dtype}Bits(${text})`;
    return dtype === 'bool' ? `(${text})?1:0` : text;
  }

  #round(text: string, dtype: ScalarType): string {
    return isFloat(dtype) && this.#precision === 'float32' ? `R(${text})` : text;
  }

  #literal(value: number, dtype: ScalarType): string {
    if (dtype === 'bool') return value === 0 ? 'false' : 'true';
    const exact = isFloat(dtype) && this.#precision === 'float32' ? Math.fround(value) : value;
    return Object.is(exact, -0) || exact < 0
      ? `(${Object.is(exact, -0) ? '-0' : exact})`
      : String(exact);
  }

  #text(expr: Expr): string {
    const name = this.#names.get(expr);
    if (name !== undefined) return name;
    switch (expr.kind) {
      case 'const':
        return this.#literal(expr.value, expr.dtype);
      case 'axis': {
        const axis = this.#axes.get(expr.axis);
        invariant(axis !== undefined, 'an axis without a loop');
        return axis;
      }
      case 'affine': {
        const terms = expr.terms.map((t) => `${t.coefficient}*${this.#text(t.atom)}`);
        return `(${[...terms, String(expr.offset)].join('+').replaceAll('+-', '-')})`;
      }
      case 'load':
        return this.#fromMemory(
          `${this.#buffer(expr.source)}[${this.#text(expr.index)}]`,
          expr.source.dtype,
        );
      case 'op': {
        const emit: JsOp = jsOps[expr.op];
        const operand = expr.args[0]?.dtype ?? expr.dtype;
        return this.#round(
          emit(
            expr.args.map((arg) => this.#text(arg)),
            expr.dtype,
            operand,
          ),
          expr.dtype,
        );
      }
      default:
        return this.#nameOf(expr);
    }
  }
}
