/** How a primitive tells the compiler what it computes: in scalar expressions, never in backend text. */
import type { Aval, Shape } from '../base/aval.ts';
import type { Expr } from './expr.ts';
import type { HostFunction } from './host-function.ts';
import type { Opaque, Program } from './program.ts';
import type { ReduceOp } from './scalar-ops.ts';

/** The element of an operand at a multi-index, one int32 expression per axis. */
export type Reader = (index: readonly Expr[]) => Expr;

/**
 * Every output element is a pure function of its index. Element-wise operations, movement, reductions,
 * gathers, generators: all of these fuse through their index maps.
 */
export interface MapLowering {
  readonly kind: 'map';
  /** One function per output, from the multi-index of an element to its value. */
  readonly values: (operands: readonly Reader[]) => readonly ((index: readonly Expr[]) => Expr)[];
  /** The same as a change of an operand, for where that operand may be overwritten. */
  readonly change?: StepsLowering;
}

/** Which axes of a product are paired. The result has the batch, then lhs, then rhs axes. */
export interface DotDims {
  readonly lhsContract: readonly number[];
  readonly rhsContract: readonly number[];
  readonly lhsBatch: readonly number[];
  readonly rhsBatch: readonly number[];
}

/** A generalised matrix product of two operands; it has its own kernels. */
export interface DotLowering {
  readonly kind: 'dot';
  readonly dims: DotDims;
}

/** An array in memory during a sequence of steps. */
export interface Place {
  readonly aval: Aval;
  /** The element at a multi-index. */
  readonly at: Reader;
}

/** Writes `value` to `to[index]` where `guard` holds; other modes combine it with what is there. */
export interface StoreSpec {
  readonly to: Place;
  readonly index: readonly Expr[];
  readonly value: Expr;
  readonly mode?: 'set' | ReduceOp;
  /** A bool expression; the index need only be in range where it is true. */
  readonly guard?: Expr;
  /** How many of the serial loops it runs in, counted from the outermost. Default: all. */
  readonly depth?: number;
}

/**
 * A loop nest: `parallel` iterations are independent, and each runs its `serial` loops in order. In each turn
 * of the loops that neighbouring stores share they happen one after the other, and those that share all loops
 * at once: what they read is read before the first of them.
 */
export interface StepSpec {
  readonly parallel: Shape;
  readonly serial?: Shape;
  /** The stores of one iteration; `serial` axes are passed as expressions whose axis `cumulate` may name. */
  readonly stores: (parallel: readonly Expr[], serial: readonly Expr[]) => readonly StoreSpec[];
}

/** What a {@link StepsLowering} builds with. */
export interface StepBuilder {
  readonly operands: readonly Place[];
  readonly outputs: readonly Place[];
  readonly temporary: (aval: Aval) => Place;
  /** True where long loops in order are cheap: few, fast threads. False: many slow ones want to be busy. */
  readonly hasFastThreads: boolean;
  readonly step: (spec: StepSpec) => void;
}

/** Operations that write more than once or in an order: scatter, running totals, sorting. */
export interface StepsLowering {
  readonly kind: 'steps';
  /**
   * The operand whose elements the first output begins with: the steps change some of them. What nobody needs
   * any more is changed where it lies, else it is copied first.
   */
  readonly startsFrom?: number;
  readonly build: (builder: StepBuilder) => void;
}

/** Operations that stand for a program, which the compiler writes in their place. */
export interface CallLowering {
  readonly kind: 'call';
  readonly program: Program;
  /** True: what it computes is computed again even if equal values are there already. */
  readonly isApart: boolean;
}

/**
 * A loop of known length. Operands: constants, carries, arrays to slice along axis 0. Outputs: carries,
 * then stacks of slices. The body maps constants, carries and slices to carries and slices.
 */
export interface RepeatLowering {
  readonly kind: 'repeat';
  readonly body: Program;
  readonly count: number;
  readonly consts: number;
  readonly carries: number;
  /** True: the last slices come first. */
  readonly isReversed: boolean;
  /** True: the body counts its turns, and what it reads and writes of stacks it is given whole, as constants and results. */
  readonly isIndexed: boolean;
}

/**
 * A loop that ends when its condition fails. Operands: constants of the condition, constants of the
 * body, carries. Outputs: carries. Both programs take their constants, then the carries.
 */
export interface WhileLowering {
  readonly kind: 'while';
  /** bool[] result: whether to go on. */
  readonly condition: Program;
  readonly body: Program;
  readonly conditionConsts: number;
  readonly bodyConsts: number;
  /** Most turns; null: as many as it takes. */
  readonly bound: number | null;
}

/** One of several programs of the same type. Operands: int32[] index in range, then those of the programs. */
export interface BranchLowering {
  readonly kind: 'branch';
  readonly branches: readonly Program[];
}

/** Operations that run programs under the control of the host. */
export type ControlLowering = RepeatLowering | WhileLowering | BranchLowering;

/** A call of a function on the host. */
export interface HostLowering {
  readonly kind: 'host';
  readonly call: Opaque<HostFunction>;
  /** True: the first operand, bool[], says whether it is called at all. */
  readonly isGuarded: boolean;
}

export type Lowering =
  | MapLowering
  | DotLowering
  | StepsLowering
  | CallLowering
  | ControlLowering
  | HostLowering;
