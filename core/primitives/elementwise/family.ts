/** The families of element-wise operations: they share everything but their scalar operation and derivative. */
import { type Aval, makeAval } from '../../base/aval.ts';
import { type DType, isFloat } from '../../base/dtype.ts';
import { type Expr, op } from '../../ir/expr.ts';
import type { Lowering } from '../../ir/lowering.ts';
import {
  definePrimitive,
  isHole,
  known,
  type NoRule,
  noTangent,
  notLinear,
  type PrimitiveOf,
  type Tangent,
  type TransposeRule,
} from '../../ir/primitive.ts';
import type { Params } from '../../ir/program.ts';
import type { ScalarOp } from '../../ir/scalar-ops.ts';
import { bindOne } from '../../ir/trace.ts';
import type { Value } from '../../ir/value.ts';
import { lifted } from '../broadcast.ts';
import {
  allWeak,
  type Binary,
  first,
  pair,
  requireDType,
  requireSameTypes,
  type Unary,
  withRecord,
} from '../define.ts';

/** The batch rule of element-wise operations: operands without a batch axis are repeated along one. */
export const batchElementwise =
  <P extends Params>(apply: (operands: readonly Value[], params: P) => readonly Value[]) =>
  (operands: readonly Value[], batched: readonly boolean[], params: P, size: number) =>
    apply(
      operands.map((x, i) => lifted(x, batched[i], size)),
      params,
    );

/** The lowering of an element-wise operation with one result. */
export const lowerElementwise = (value: (elements: readonly Expr[]) => Expr): Lowering => ({
  kind: 'map',
  values: (readers) => [(index) => value(readers.map((read) => read(index)))],
});

/** The tangent from dx at x with result y; not called for operands without tangents. */
export type UnaryTangent = (dx: Value, x: Value, y: Value) => Tangent;

/** The tangent of a step function: an exact zero. */
export const flat = (): null => null;

/** What differs between unary operations. */
export interface UnaryRules {
  readonly name: ScalarOp;
  readonly dtypes: readonly DType[];
  readonly tangent: UnaryTangent | NoRule;
  /** For linear operations: the cotangent of x. */
  readonly adjoint?: (ct: Value) => Value;
  /** The element, where that is not simply the scalar operation of this name. */
  readonly element?: (x: Expr, dtype: DType) => Expr;
}

/** An operation on each element of one array, with a result of the same type. */
export function unary(rules: UnaryRules): Unary {
  const { name, dtypes, tangent, adjoint, element } = rules;
  const apply = (x: Value): Value => bindOne(primitive, [x], {});
  const primitive: PrimitiveOf<Params> = definePrimitive<Params>({
    name,
    infer: (avals) => {
      requireDType(name, first(avals), dtypes);
      return [first(avals)];
    },
    jvp:
      typeof tangent === 'function'
        ? ([x], [dx], _params, [y]) => [dx && x && y ? tangent(dx, x, y) : null]
        : tangent,
    transpose: adjoint === undefined ? notLinear : ([ct]) => [ct ? adjoint(ct) : null],
    batch: ([x]) => (x === undefined ? [] : [apply(x)]),
    lower: (avals) =>
      lowerElementwise((elements) => {
        const x = first(elements);
        return element === undefined ? op(name, [x]) : element(x, first(avals).dtype);
      }),
  });
  return withRecord(primitive, apply);
}

/** The tangent due to one operand of x ∘ y = z. */
export type BinaryTangent = (d: Value, x: Value, y: Value, z: Value) => Tangent;

/** What differs between binary operations. */
export interface BinaryRules {
  readonly name: ScalarOp;
  readonly dtypes: readonly DType[];
  /** The tangents due to x and due to y, and their sum. */
  readonly tangent: BinaryTangents | NoRule;
  /** For operations that are linear in an operand while the other is known. */
  readonly transpose?: TransposeRule<Params>;
  readonly element?: (x: Expr, y: Expr, dtype: DType) => Expr;
}

/** The two partial tangents of a binary operation and how to add them. */
export interface BinaryTangents {
  readonly dx: BinaryTangent;
  readonly dy: BinaryTangent;
  readonly sum: (a: Value, b: Value) => Value;
}

/** The sum of two tangents, either of which may be an exact zero. */
export const sumTangents = (a: Tangent, b: Tangent, sum: (a: Value, b: Value) => Value): Tangent =>
  a === null ? b : b === null ? a : sum(a, b);

/** An operation on corresponding elements of two arrays of one type, with a result of that type. */
export function binary(rules: BinaryRules): Binary {
  const { name, dtypes, tangent, element } = rules;
  const apply = (x: Value, y: Value): Value => bindOne(primitive, [x, y], {});
  const primitive: PrimitiveOf<Params> = definePrimitive<Params>({
    name,
    infer: (avals) => {
      requireSameTypes(name, avals);
      requireDType(name, first(avals), dtypes);
      return [{ ...first(avals), weak: allWeak(avals) }];
    },
    jvp:
      'noRule' in tangent
        ? tangent
        : (primals, tangents, _params, outputs) => {
            const [x, y] = pair(primals);
            const [dx, dy] = pair(tangents);
            const z = first(outputs);
            const partX = dx && isFloat(x.dtype) ? tangent.dx(dx, x, y, z) : null;
            const partY = dy && isFloat(x.dtype) ? tangent.dy(dy, x, y, z) : null;
            return [sumTangents(partX, partY, tangent.sum)];
          },
    transpose: rules.transpose ?? notLinear,
    batch: batchElementwise((operands) => [apply(...pair(operands))]),
    lower: (avals) =>
      lowerElementwise((elements) => {
        const [x, y] = pair(elements);
        return element === undefined ? op(name, [x, y]) : element(x, y, first(avals).dtype);
      }),
  });
  return withRecord(primitive, apply);
}

/** The transpose rule of x ∘ y where it is linear in one operand while the other is known. */
export const transposeByKnown = (
  cotangentX: ((ct: Value, y: Value) => Value) | null,
  cotangentY: ((ct: Value, x: Value) => Value) | null,
): TransposeRule<Params> => {
  return ([ct], operands) => {
    const [x, y] = pair(operands);
    const [knownX, knownY] = [known(x), known(y)];
    return [
      ct && isHole(x) && knownY && cotangentX ? cotangentX(ct, knownY) : null,
      ct && isHole(y) && knownX && cotangentY ? cotangentY(ct, knownX) : null,
    ];
  };
};

/** What differs between comparisons. */
export interface ComparisonRules {
  readonly name: ScalarOp;
  /** The comparison of booleans, in logic: not every backend compares them. */
  readonly logic: (x: Expr, y: Expr) => Expr;
}

/** A comparison of corresponding elements of two arrays of one type: bool[…]. */
export function comparison({ name, logic }: ComparisonRules): Binary {
  const apply = (x: Value, y: Value): Value => bindOne(primitive, [x, y], {});
  const primitive: PrimitiveOf<Params> = definePrimitive<Params>({
    name,
    infer: (avals) => {
      requireSameTypes(name, avals);
      return [makeAval(first(avals).shape, 'bool')];
    },
    jvp: noTangent,
    transpose: notLinear,
    batch: batchElementwise((operands) => [apply(...pair(operands))]),
    lower: (avals: readonly Aval[]) =>
      lowerElementwise((elements) => {
        const [x, y] = pair(elements);
        return first(avals).dtype === 'bool' ? logic(x, y) : op(name, [x, y]);
      }),
  });
  return withRecord(primitive, apply);
}
