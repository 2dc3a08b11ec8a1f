/**
 * Kernels: what runs on a device in one launch. A kernel says what is computed, over which axes, from
 * and to which buffers; how its loops are laid out on the hardware is up to the emitters.
 */
import type { Axis, Expr, Source } from '../ir/expr.ts';
import type { ReduceOp } from '../ir/scalar-ops.ts';

/** An array that a kernel touches. Its position in `Kernel.buffers` is its binding. */
export interface KernelBuffer {
  readonly source: Source;
  /** `update` buffers are read and written. */
  readonly access: 'read' | 'write' | 'update';
}

/** One write per iteration of the kernel's parallel axes and the store's own serial axes. */
export interface KernelStore {
  /** Written buffer. */
  readonly target: Source;
  /** Flat element index. */
  readonly index: Expr;
  readonly value: Expr;
  /** `set`, or how the value is combined with the element that is there. */
  readonly mode: 'set' | ReduceOp;
  /** The store happens where this bool expression is true; null: everywhere. */
  readonly guard: Expr | null;
  /** Loops that run in order inside one parallel iteration, outermost first. */
  readonly serial: readonly Axis[];
}

/** A loop nest. Iterations of `parallel` are independent of each other. */
export interface LoopKernel {
  readonly kind: 'loop';
  /** For profiles and errors: the primitives inside, such as `exp·mul·reduceSum`. */
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  /** Outermost first. No axes: a single iteration. */
  readonly parallel: readonly Axis[];
  /** Stores whose serial loops begin alike share those loops; apart from that they happen in order. */
  readonly stores: readonly KernelStore[];
  /** Arrays that an iteration writes before it reads them and that nobody else sees; none are `buffers`. */
  readonly locals?: readonly Source[];
}

/** How a matrix product walks through one operand: element (batch, i, j) is at base + i·rowStride + j·columnStride. */
export interface MatrixOperand {
  readonly source: Source;
  /** First element of the matrix, an expression in the batch axis. */
  readonly base: Expr;
  readonly rowStride: number;
  readonly columnStride: number;
}

/**
 * A batch of matrix products, f32[batch, m, n] = Σₖ lhs[batch, m, k] · rhs[batch, k, n], and what happens
 * to each finished sum. `stores` are expressions in the three axes; the sum is the `accumulator` expression.
 */
export interface MatmulKernel {
  readonly kind: 'matmul';
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  readonly batch: Axis;
  readonly rows: Axis;
  readonly columns: Axis;
  /** Length of the sum. */
  readonly depth: number;
  readonly lhs: MatrixOperand;
  readonly rhs: MatrixOperand;
  readonly stores: readonly KernelStore[];
}

/**
 * How a product walks through an operand that is no strided matrix, such as the windows of an image: the element
 * for one row (or column) of the result and one term of the sum is at base + along + term.
 */
export interface OffsetMatrix {
  readonly source: Source;
  /** An expression in the batch axis. */
  readonly base: Expr;
  /** An expression in the product's rows, or its columns. */
  readonly along: Expr;
  /** An expression in the axis of the product's terms. */
  readonly term: Expr;
}

/** A batch of matrix products as {@link MatmulKernel}, whose operands are gathered as they are read. */
export interface GatheredProduct extends Omit<MatmulKernel, 'kind' | 'depth' | 'lhs' | 'rhs'> {
  readonly kind: 'gathered-product';
  /** What is summed over. */
  readonly terms: Axis;
  readonly lhs: OffsetMatrix;
  readonly rhs: OffsetMatrix;
}

/** Kernels that gather nothing: what devices with bindings are given. */
export type PlainKernel = LoopKernel | MatmulKernel;

export type Kernel = PlainKernel | GatheredProduct;
