/**
 * The state of writing one kernel function: open loops, names in scope, and what was moved out of
 * loops. V8 does little of that for WebAssembly by itself.
 */
import type { ScalarType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import { type Axis, childrenOf, type Expr, type Source } from '../../ir/expr.ts';
import type { Code } from './bytes.ts';
import type { Quads } from './crossings.ts';
import type { FunctionBuilder } from './module.ts';
import { f32Const, f32x4, i32, i32Const, i32x4, localGet, localSet, localTee } from './opcodes.ts';
import type { Helper } from './scalar-table.ts';

/** A loop that is being written. Depth 0 is the loop over units of work. */
export interface LoopFrame {
  readonly axis: Axis | null;
  /** The position, an i32 local; −1 where positions are worked out by other means. */
  readonly index: number;
  /** Positions per turn. */
  readonly step: number;
  /** Runs before the loop; open for what is moved out of it. */
  readonly preheader: Code;
  /** Runs at the end of a turn. */
  readonly increments: Code;
  /** Byte stride → local that holds position × stride. */
  readonly strides: Map<number, number>;
  /** Values computed before the loop. */
  readonly hoisted: Map<string, number>;
  /** Values computed in the body, usable after the place where they were. */
  inline: Map<string, number>;
}

/** A loop of which nothing is written yet. Without arguments: the one over units of work. */
export const newFrame = (axis: Axis | null = null, index = -1, step = 1): LoopFrame => ({
  axis,
  index,
  step,
  preheader: [],
  increments: [],
  strides: new Map(),
  hoisted: new Map(),
  inline: new Map(),
});

/** Where the value of an expression is. Vectors: one local per copy of the unrolled body. */
export interface Binding {
  readonly depth: number;
  readonly locals: readonly number[];
  readonly isVector: boolean;
}

/** The axis whose positions are computed four at a time, `copies` vectors per turn. */
export interface VectorContext {
  readonly axis: Axis;
  readonly copies: number;
}

/** The type of local that a scalar of this dtype needs. */
export const localType = (dtype: ScalarType): 'f32' | 'i32' =>
  dtype === 'float32' ? 'f32' : 'i32';

/** State shared by the functions that write expressions and statements. */
export class Emitter {
  readonly builder: FunctionBuilder;
  /** Local with the address of each buffer. */
  readonly pointers: ReadonlyMap<Source, number>;
  /** Buffers that this kernel writes: loads from them stay where they are. */
  readonly written: ReadonlySet<Source>;
  readonly callHelper: (helper: Helper) => readonly number[];
  readonly relaxed: boolean;
  /** Loads that are read four rows at a time. */
  readonly quads: Quads;
  code: Code;
  loops: LoopFrame[] = [];
  vector: VectorContext | null = null;
  /** Positions of axes without a loop of their own: i32 locals set in the loop over units. */
  readonly decoded = new Map<Axis, number>();
  /** Null: what an outer scope knows of it holds no longer. */
  #scopes: Map<Expr, Binding | null>[] = [new Map()];

  constructor(options: {
    builder: FunctionBuilder;
    pointers: ReadonlyMap<Source, number>;
    written: ReadonlySet<Source>;
    callHelper: (helper: Helper) => readonly number[];
    relaxed: boolean;
    quads?: Quads;
  }) {
    this.quads = options.quads ?? new Map();
    this.relaxed = options.relaxed;
    this.builder = options.builder;
    this.pointers = options.pointers;
    this.written = options.written;
    this.callHelper = options.callHelper;
    this.code = options.builder.code;
  }

  /** Appends instructions. */
  emit(...parts: readonly (readonly number[])[]): void {
    for (const bytes of parts) for (const byte of bytes) this.code.push(byte);
  }

  /** A new local. */
  local(type: 'i32' | 'f32' | 'v128'): number {
    return this.builder.local(type);
  }

  /** Depth of the innermost open loop. */
  get depth(): number {
    return this.loops.length - 1;
  }

  /** The innermost open loop. */
  get frame(): LoopFrame {
    const frame = this.loops[this.depth];
    invariant(frame !== undefined, 'code outside the loop over units');
    return frame;
  }

  /** True if the four lanes of the present vector axis may differ. */
  varies(expr: Expr): boolean {
    return this.vector !== null && expr.deps.has(this.vector.axis);
  }

  bind(expr: Expr, locals: readonly number[], isVector: boolean): void {
    this.#scopes[this.#scopes.length - 1]?.set(expr, { depth: this.depth, locals, isVector });
  }

  find(expr: Expr): Binding | undefined {
    for (let k = this.#scopes.length - 1; k >= 0; k--) {
      const binding = this.#scopes[k]?.get(expr);
      if (binding !== undefined) return binding ?? undefined;
    }
    return undefined;
  }

  /** Takes the name from a value that is about to be computed again, and what was computed from it here. */
  forget(expr: Expr): void {
    if (this.find(expr) === undefined) return;
    this.#scopes[this.#scopes.length - 1]?.set(expr, null);
    for (const frame of this.loops) frame.inline.clear();
  }

  /** Runs `body` with names of its own. */
  scoped(body: () => void): void {
    this.#scopes.push(new Map());
    body();
    this.#scopes.pop();
  }

  /** Depth of the loop that runs over `axis`; 0 for decoded ones. */
  depthOf(axis: Axis): number {
    for (let depth = this.depth; depth > 0; depth--) {
      if (this.loops[depth]?.axis === axis) return depth;
    }
    invariant(this.decoded.has(axis), 'an axis without a loop');
    return 0;
  }

  /** The innermost loop that the value changes in; −1 if it is the same throughout the call. */
  levelOf(expr: Expr): number {
    const binding = this.find(expr);
    if (binding !== undefined) return binding.depth;
    if (expr.kind === 'axis') return this.depthOf(expr.axis);
    if (expr.kind === 'reduce' || expr.kind === 'cumulate') return this.depth;
    if (expr.kind === 'load' && this.written.has(expr.source)) return this.depth;
    return childrenOf(expr).reduce((level, child) => Math.max(level, this.levelOf(child)), -1);
  }

  /**
   * Leaves on the stack a value that `write` computes, which changes in loop `level` but not in deeper
   * ones. It is computed once before the next deeper loop, or once in this body.
   */
  hoist(level: number, key: string, type: 'i32' | 'f32' | 'v128', write: () => void): void {
    for (const frame of this.loops) {
      const known = frame.hoisted.get(key) ?? frame.inline.get(key);
      if (known !== undefined) {
        this.emit(localGet(known));
        return;
      }
    }
    const local = this.local(type);
    const outside = this.loops[level + 1];
    if (outside === undefined) {
      write();
      this.emit(localTee(local));
      this.frame.inline.set(key, local);
      return;
    }
    const saved = { code: this.code, loops: this.loops };
    this.code = outside.preheader;
    this.loops = this.loops.slice(0, level + 1);
    write();
    this.emit(localSet(local));
    this.code = saved.code;
    this.loops = saved.loops;
    outside.hoisted.set(key, local);
    this.emit(localGet(local));
  }

  /** Runs `body` for code that may be skipped: what it computes is forgotten afterwards. */
  conditional(body: () => void): void {
    const { frame } = this;
    const saved = new Map(frame.inline);
    body();
    frame.inline = saved;
  }

  /** A vector of one constant, held in a local for the whole call. */
  constantVector(value: number, dtype: ScalarType): void {
    const bits = dtype === 'bool' ? (value === 0 ? 0 : -1) : value;
    const key = `c${localType(dtype)}${Object.is(bits, -0) ? '-0' : bits}`;
    this.hoist(-1, key, 'v128', () => {
      if (dtype === 'float32') this.emit(f32Const(bits), f32x4.splat);
      else this.emit(i32Const(bits), i32x4.splat);
    });
  }

  /** A local with position × `bytes` of the loop at `depth`, kept up by addition. */
  strideLocal(depth: number, bytes: number): number {
    const frame = this.loops[depth];
    invariant(frame !== undefined && frame.index >= 0, 'a stride of a loop without a counter');
    const known = frame.strides.get(bytes);
    if (known !== undefined) return known;
    const local = this.local('i32');
    const push = (code: Code, ...parts: readonly number[][]): void => {
      for (const part of parts) code.push(...part);
    };
    push(frame.preheader, localGet(frame.index), i32Const(bytes), [...i32.mul], localSet(local));
    push(
      frame.increments,
      localGet(local),
      i32Const(bytes * frame.step),
      [...i32.add],
      localSet(local),
    );
    frame.strides.set(bytes, local);
    return local;
  }
}
