/** How a primitive tells the compiler what it computes: in scalar expressions, never in backend text. */
import type { Aval, Shape } from '../base/aval.ts';
import type { Expr } from './expr.ts';
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
}

/** A loop nest: `parallel` iterations are independent, and each runs its `serial` loops in order. */
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
  readonly step: (spec: StepSpec) => void;
}

/** Operations that write more than once or in an order: scatter, running totals, sorting. */
export interface StepsLowering {
  readonly kind: 'steps';
  readonly build: (builder: StepBuilder) => void;
}

export type Lowering = MapLowering | DotLowering | StepsLowering;
