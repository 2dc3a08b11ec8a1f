/** Statements and expressions of one invocation as WGSL. */
import { isStorageType, type ScalarType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { KernelStore } from '../../compile/kernel.ts';
import type { LoopStatement, Statement } from '../../compile/structure.ts';
import type { Axis, Expr, ReduceExpr, Source } from '../../ir/expr.ts';
import { identityOf, type ReduceOp } from '../../ir/scalar-ops.ts';
import { placeInFour } from './by-fours.ts';
import { exactForm } from './exact-algebra.ts';
import { fromMemory, type ModuleWriter, toMemory } from './module-writer.ts';
import { type WgslScalarOp, wgslOps } from './scalar-table.ts';
import { constantText, opaqueConstant } from './types.ts';

/** Shader compilers limit how deeply expressions nest (Tint: 512, some drivers less). */
const maxNesting = 24;
/**
 * Sums of more terms are taken in blocks of this many, and those in blocks of blocks, so that rounding errors grow
 * with the logarithm of their number.
 */
const blockTurns = 16;

interface Text {
  readonly text: string;
  readonly nesting: number;
}

/** How the lanes of a workgroup share reductions; absent: each invocation runs its own. */
export interface Cooperation {
  readonly lanes: number;
  /** Inputs of the entry point that combining needs, besides `lane`. */
  readonly builtins: readonly string[];
  /** An expression that combines the lanes' values, and that all lanes then have. */
  readonly combine: (op: ReduceOp, dtype: ScalarType, value: string) => string;
}

/** How the statements are written. */
export interface BodyOptions {
  readonly cooperation?: Cooperation | null;
  /** What loops start from: 0, or a name of it. */
  readonly zero?: string;
}

/** Writes the statements of one invocation. */
export class BodyWriter {
  readonly lines: string[] = [];
  readonly #module: ModuleWriter;
  readonly #cooperation: Cooperation | null;
  readonly #zero: string;
  #values = new Map<Expr, string>();
  /** Expressions whose values are known from elsewhere, and stay. */
  readonly #given = new Set<Expr>();
  /** Names of vectors that have been loaded, by array and place. */
  #fours = new Map<string, string>();
  /** Values of the four neighbours that are being stored. */
  readonly #pending: string[] = [];
  readonly #axes = new Map<Axis, string>();
  #count = 0;
  #indent = '  ';

  constructor(module: ModuleWriter, { cooperation = null, zero = '0i' }: BodyOptions = {}) {
    this.#module = module;
    this.#cooperation = cooperation;
    this.#zero = zero;
  }

  /** Says what an axis is called. */
  bindAxis(axis: Axis, name: string): void {
    this.#axes.set(axis, name);
  }

  line(text: string): void {
    this.lines.push(`${this.#indent}${text}`);
  }

  /** Writes what `write` writes as a block after `head`. */
  block(head: string, write: () => void): void {
    // Names given inside are out of scope after it, where the same value may be needed again.
    const outside = new Map(this.#values);
    const outsideFours = new Map(this.#fours);
    this.line(`${head} {`);
    this.#indent += '  ';
    write();
    this.#indent = this.#indent.slice(2);
    this.line('}');
    this.#values = outside;
    this.#fours = outsideFours;
  }

  /** Says what an expression is called, whose value is known from elsewhere. */
  bindValue(expr: Expr, name: string): void {
    this.#values.set(expr, name);
    this.#given.add(expr);
  }

  /** Writes statements; in a cooperation the outermost loops are shared and the first lane stores. */
  statements(statements: readonly Statement[], isOutermost = true): void {
    const shared = isOutermost ? this.#cooperation : null;
    for (const statement of statements) {
      switch (statement.kind) {
        case 'let': {
          if (this.#given.has(statement.expr)) break;
          // It may have had a name before a store.
          this.#values.delete(statement.expr);
          const text = this.expression(statement.expr);
          this.#values.set(statement.expr, this.#name(text));
          break;
        }
        case 'cumulate': {
          const { expr } = statement;
          const name = this.#values.get(expr);
          invariant(name !== undefined, 'a running total without a loop');
          this.line(
            `${name} = ${this.combine(expr.op, expr.dtype, name, this.expression(expr.value))};`,
          );
          break;
        }
        case 'loop':
          this.#loop(statement, shared);
          break;
        case 'store':
          if (shared === null) this.#store(statement.store);
          else this.block('if (lane == 0u)', () => this.#store(statement.store));
      }
    }
  }

  /** The value of an expression, on one line. */
  expression(expr: Expr): string {
    return this.#text(expr).text;
  }

  /** a `op` b. */
  combine(op: ReduceOp, dtype: ScalarType, a: string, b: string): string {
    const emit: WgslScalarOp = wgslOps[op];
    const { use } = this.#module;
    return emit({ args: [a, b], from: dtype, to: dtype, constant: null, use });
  }

  /** The identity of `op`. */
  identity(op: ReduceOp, dtype: ScalarType): string {
    return constantText(identityOf(op, dtype), dtype, this.#module.use);
  }

  #fresh(letter: string): string {
    return `${letter}${this.#count++}`;
  }

  #name(text: string): string {
    const name = this.#fresh('v');
    this.line(`let ${name} = ${text};`);
    return name;
  }

  #loop({ axis, accumulators, running, body }: LoopStatement, shared: Cooperation | null): void {
    const lanes = shared?.lanes ?? 1;
    const totals = accumulators.map((expr) => ({ expr, name: this.#fresh('a') }));
    for (const { name, expr } of totals) {
      this.line(`var ${name} = ${this.identity(expr.op, expr.dtype)};`);
    }
    for (const expr of running) {
      const name = this.#fresh('c');
      this.#values.set(expr, name);
      this.line(`var ${name} = ${this.identity(expr.op, expr.dtype)};`);
    }
    const index = this.#fresh('r');
    this.bindAxis(axis, index);
    const sums = totals.filter(({ expr }) => isFloatSum(expr)).map(({ name }) => name);
    const depth = sums.length === 0 ? 0 : blockDepth(Math.ceil(axis.extent / lanes));
    const range = {
      index,
      start: shared === null ? this.#zero : 'i32(lane)',
      end: `${axis.extent}i`,
      step: lanes,
    };
    this.#blocks(range, depth, sums, (suffix) => {
      this.statements(body, false);
      for (const { name, expr } of totals) {
        const value = this.expression(expr.value);
        const into = isFloatSum(expr) ? `${name}${suffix}` : name;
        this.line(`${into} = ${this.combine(expr.op, expr.dtype, into, value)};`);
      }
    });
    for (const { expr, name } of totals) {
      if (shared !== null) this.line(`${name} = ${shared.combine(expr.op, expr.dtype, name)};`);
      this.#values.set(expr, name);
    }
  }

  /** A loop, or `depth` loops of so many turns of the next one each; what each one sums is added up around it. */
  #blocks(
    { index, start, end, step }: Range,
    depth: number,
    sums: readonly string[],
    write: (suffix: string) => void,
    suffix = '',
  ): void {
    if (depth === 0) {
      const head = `for (var ${index} = ${start}; ${index} < ${end}; ${index} += ${step}i)`;
      this.block(head, () => write(suffix));
      return;
    }
    const stride = step * blockTurns ** depth;
    const [outer, inner] = [`${index}_${depth}`, `_${depth}`];
    this.block(`for (var ${outer} = ${start}; ${outer} < ${end}; ${outer} += ${stride}i)`, () => {
      for (const name of sums) this.line(`var ${name}${inner} = 0f;`);
      const inside = { index, start: outer, end: `min(${outer} + ${stride}i, ${end})`, step };
      this.#blocks(inside, depth - 1, sums, write, inner);
      for (const name of sums) this.line(`${name}${suffix} += ${name}${inner};`);
    });
  }

  #store({ target, index, value, mode, guard }: KernelStore): void {
    const { dtype } = value;
    if (this.#module.isByFours(target)) {
      this.#storeInFour(target, index, toMemory(this.expression(value), dtype));
      return;
    }
    const write = (): void => {
      const place = this.expression(index);
      const text = this.expression(value);
      const stored =
        mode === 'set'
          ? text
          : this.combine(mode, dtype, this.#module.element(target, place), text);
      this.line(this.#module.assign(target, place, toMemory(stored, dtype)));
    };
    if (guard === null) write();
    else this.block(`if (${this.expression(guard)})`, write);
  }

  /** Stores come in groups of four neighbours, in order. */
  #storeInFour(target: Source, index: Expr, value: string): void {
    const place = placeInFour(index);
    invariant(place?.lane === this.#pending.length, 'neighbours that are stored in order');
    if (this.#pending.push(value) < 4) return;
    this.line(this.#module.assignFour(target, this.expression(place.at), this.#pending));
    this.#pending.length = 0;
  }

  /** One of four neighbours, which are loaded together. */
  #loadFromFour(source: Source, index: Expr): string {
    const place = placeInFour(index);
    invariant(place !== null, 'a place among four neighbours');
    const key = `${source.id}@${place.at.id}`;
    const known = this.#fours.get(key);
    if (known !== undefined) return `${known}[${place.lane}]`;
    const text = this.#module.four(source, this.expression(place.at));
    const name = this.#fresh('w');
    this.line(`let ${name} = ${text};`);
    this.#fours.set(key, name);
    return `${name}[${place.lane}]`;
  }

  #text(expr: Expr): Text {
    const name = this.#values.get(expr);
    if (name !== undefined) return { text: name, nesting: 0 };
    const written = this.#compose(expr);
    if (written.nesting < maxNesting) return written;
    const shorter = this.#name(written.text);
    return { text: shorter, nesting: 0 };
  }

  #compose(expr: Expr): Text {
    switch (expr.kind) {
      case 'const':
        return leaf(constantText(expr.value, expr.dtype, this.#module.use));
      case 'axis': {
        const axis = this.#axes.get(expr.axis);
        invariant(axis !== undefined, 'an axis without a loop');
        return leaf(axis);
      }
      case 'accumulator':
        return leaf('sum');
      case 'affine':
        return this.#affine(expr.terms, expr.offset);
      case 'load': {
        if (this.#module.isByFours(expr.source)) {
          return leaf(fromMemory(this.#loadFromFour(expr.source, expr.index), expr.dtype));
        }
        const index = this.#text(expr.index);
        const isRepeated = isStorageType(expr.source.dtype) && index.nesting > 0;
        const place = isRepeated ? this.#name(index.text) : index.text;
        const text = this.#module.element(expr.source, place, expr.isRaw);
        return { text, nesting: (isRepeated ? 0 : index.nesting) + 1 };
      }
      case 'op':
        return this.#op(expr);
      case 'reduce':
      case 'cumulate':
        return invariantFailure(`a ${expr.kind} outside its loop`);
    }
  }

  #affine(terms: Extract<Expr, { kind: 'affine' }>['terms'], offset: number): Text {
    const parts = terms.map(({ coefficient, atom }) => {
      const inner = this.#text(atom);
      const factor = Math.abs(coefficient);
      const product = factor === 1 ? inner.text : `${inner.text} * ${factor}i`;
      return { sign: coefficient < 0 ? '-' : '+', product, nesting: inner.nesting };
    });
    const sum = parts
      .map(({ sign, product }, i) =>
        i === 0 ? (sign === '-' ? `0i - ${product}` : product) : ` ${sign} ${product}`,
      )
      .join('');
    const tail = offset === 0 ? '' : ` ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}i`;
    return { text: `(${sum}${tail})`, nesting: nestingOf(parts) + 1 };
  }

  #op(expr: Extract<Expr, { kind: 'op' }>): Text {
    const { use } = this.#module;
    // An operation on constants alone would be evaluated by the shader compiler, where overflow is an error.
    const isConstant = expr.args.every(({ kind }) => kind === 'const');
    const args = expr.args.map((arg) =>
      isConstant && arg.kind === 'const'
        ? leaf(opaqueConstant(arg.value, arg.dtype, use))
        : this.#text(arg),
    );
    const texts = args.map((arg) => arg.text);
    const exact = exactForm(expr, texts, use);
    if (exact !== null) return { text: exact, nesting: nestingOf(args) + 1 };
    const last = expr.args.at(-1);
    const emit: WgslScalarOp = wgslOps[expr.op];
    const text = emit({
      args: texts,
      from: expr.args[0]?.dtype ?? expr.dtype,
      to: expr.dtype,
      constant: last?.kind === 'const' ? last.value : null,
      use,
    });
    return { text, nesting: nestingOf(args) + 1 };
  }
}

const leaf = (text: string): Text => ({ text, nesting: 0 });
const nestingOf = (parts: readonly { readonly nesting: number }[]): number =>
  Math.max(0, ...parts.map(({ nesting }) => nesting));

/** Loops around the innermost one that a sum of so many terms is taken in. */
function blockDepth(terms: number): number {
  let depth = 0;
  for (let covered = 2 * blockTurns; covered < terms; covered *= blockTurns) depth++;
  return depth;
}

interface Range {
  readonly index: string;
  readonly start: string;
  readonly end: string;
  readonly step: number;
}

const isFloatSum = ({ op, dtype }: ReduceExpr): boolean => op === 'add' && dtype === 'float32';

function invariantFailure(message: string): never {
  invariant(false, message);
}
