/** The record of one operation. Nothing else in the library knows the operation by its name. */
import type { Aval } from '../base/aval.ts';
import type { Lowering } from './lowering.ts';
import type { Params } from './program.ts';
import type { Value } from './value.ts';

/** The operand that a linear operation is being transposed with respect to: a type, no value. */
export interface Hole {
  readonly kind: 'hole';
  readonly aval: Aval;
}

/** A hole of this type. */
export const hole = (aval: Aval): Hole => ({ kind: 'hole', aval });

/** True for the operand without a value. */
export const isHole = (operand: Value | Hole): operand is Hole =>
  'kind' in operand && operand.kind === 'hole';

/** The operand's value, or null if it is the hole. */
export const known = (operand: Value | Hole): Value | null => (isHole(operand) ? null : operand);

/** A tangent or cotangent; null is an exact zero. */
export type Tangent = Value | null;

/** Why an operation has no rule of some kind. */
export interface NoRule {
  readonly noRule: 'not-linear' | 'no-tangent' | 'unsupported';
  readonly why: string;
}

/** The operation is linear in no operand: it never appears among tangents. */
export const notLinear: NoRule = { noRule: 'not-linear', why: 'it is not linear in any operand' };

/** The result is an integer or a boolean, so it has no tangent. */
export const noTangent: NoRule = { noRule: 'no-tangent', why: 'its result has no tangent' };

/** There is no rule, for the reason given; using it is an error that says so. */
export const unsupported = (why: string): NoRule => ({ noRule: 'unsupported', why });

/** True if a record says that a rule does not exist. */
export const isNoRule = (rule: object): rule is NoRule => 'noRule' in rule;

/** The results of an operation and their tangents. */
export interface Duals {
  readonly outputs: readonly Value[];
  readonly tangents: readonly Tangent[];
}

/**
 * Forward derivative of an operation that holds programs: results and tangents from one rule.
 *
 * If `isSplit`, what depends on primals alone must be computed by equations of its own, apart from those
 * that are linear in the tangents: reverse mode keeps the former and transposes the latter. Otherwise
 * both may be computed together.
 */
export interface DualRule<P extends Params> {
  readonly dual: (
    primals: readonly Value[],
    tangents: readonly Tangent[],
    params: P,
    isSplit: boolean,
  ) => Duals;
}

/** True for a rule that gives results and tangents together. */
export const isDualRule = <P extends Params>(rule: JvpRule<P> | DualRule<P>): rule is DualRule<P> =>
  'dual' in rule;

/** Forward derivative: the outputs' tangents. `outputs` are the primal results, for reuse. */
export type JvpRule<P extends Params> = (
  primals: readonly Value[],
  tangents: readonly Tangent[],
  params: P,
  outputs: readonly Value[],
) => readonly Tangent[];

/** Cotangents of the holes, one per operand, from the outputs' cotangents; null for known operands. */
export type TransposeRule<P extends Params> = (
  cotangents: readonly Tangent[],
  operands: readonly (Value | Hole)[],
  params: P,
) => readonly Tangent[];

/**
 * The outputs for a whole batch. Operands whose flag is set carry the batch on a new leading axis of
 * `size`; at least one does, unless the operation names the axis. So do the outputs, save those that the
 * whole batch shares. `axis` is the name of the batch's axis, if it has one.
 */
export type BatchRule<P extends Params> = (
  operands: readonly Value[],
  batched: readonly boolean[],
  params: P,
  size: number,
  axis: string | null,
) => readonly Value[];

/** What every pass needs to know of an operation; all fields are required. */
export interface PrimitiveRules<P extends Params> {
  /** For printing and hashing only; unique. */
  readonly name: string;
  /** Types of the outputs. Throws the user's error if the operands do not fit. */
  readonly infer: (operands: readonly Aval[], params: P) => readonly Aval[];
  readonly jvp: JvpRule<P> | DualRule<P> | NoRule;
  readonly transpose: TransposeRule<P> | NoRule;
  readonly batch: BatchRule<P>;
  /** How to compute it, in scalar operations. */
  readonly lower: (operands: readonly Aval[], params: P, outputs: readonly Aval[]) => Lowering;
}

/** What holds of few operations only; the others leave it out. */
export interface PrimitiveExtras<P extends Params> {
  /** It does something besides giving results: it is kept, in order, although nobody needs them. */
  readonly effect?: boolean;
  /** Names of the batch axes over which it works. */
  readonly namedAxes?: (params: P) => readonly string[];
}

/** A primitive as passes see it: its parameter type is known to its own rules only. */
export interface Primitive extends PrimitiveRules<Params> {
  readonly isPrimitive: true;
  readonly effect: boolean;
  readonly namedAxes: (params: Params) => readonly string[];
}

const noAxes = (): readonly string[] => [];

const names = new Set<string>();

/** Registers the record of one operation. */
export function definePrimitive<P extends Params>(
  rules: PrimitiveRules<P> & PrimitiveExtras<P>,
): PrimitiveOf<P> {
  if (names.has(rules.name)) throw new Error(`primitive '${rules.name}' is defined twice`);
  names.add(rules.name);
  // A pass hands params back to the primitive whose equation they came from, so P is what it gets.
  return {
    effect: false,
    namedAxes: noAxes,
    ...rules,
    isPrimitive: true,
  } as unknown as PrimitiveOf<P>;
}

declare const paramsType: unique symbol;

/** A primitive that remembers the type of its parameters, for {@link bind}. */
export interface PrimitiveOf<P extends Params> extends Primitive {
  readonly [paramsType]?: P;
}
