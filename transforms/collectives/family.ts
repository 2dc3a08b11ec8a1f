/** What collective operations share: an operand, one named axis, and rules for when that axis is batched. */
import { type Aval, showAval } from '../../core/base/aval.ts';
import { invariant } from '../../core/base/errors.ts';
import { flatten } from '../../core/base/pytree.ts';
import { notAnArray } from '../../core/ir/errors.ts';
import {
  definePrimitive,
  isHole,
  type JvpRule,
  type NoRule,
  type PrimitiveOf,
  unsupported,
} from '../../core/ir/primitive.ts';
import type { Params } from '../../core/ir/program.ts';
import { bindOne } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { lifted } from '../../core/primitives/broadcast.ts';
import { badCollective } from '../errors.ts';
import { showLeaf } from '../leaves.ts';
import { itemAt, toValue } from '../values.ts';

/** Parameters of a collective operation over one axis. */
export type OverAxis = Params & {
  readonly axisName: string;
  /** The size of the axis. */
  readonly axisSize: number;
};

/** The rules of one collective operation. */
export interface CollectiveRules<P extends OverAxis> {
  readonly name: string;
  readonly infer: (x: Aval, params: P) => Aval;
  /** The operation that it transposes to, or why there is none. */
  readonly transpose: ((ct: Value, params: P) => Value) | NoRule;
  /** The result for all members; x has them on axis 0. It has, too, if it is not the same for all. */
  readonly resolve: (x: Value, params: P) => Value;
  /** The parameters once another axis has been put in front of the operand's. */
  readonly shift: (params: P) => P;
}

/** Binds a collective operation. */
export type Collective<P> = (x: Value, params: P) => Value;

/** The operation with these rules. */
export function collective<P extends OverAxis>(rules: CollectiveRules<P>): Collective<P> {
  const { transpose } = rules;
  const tangent: JvpRule<P> = (_primals, [dx], params) => [dx ? apply(dx, params) : null];
  const primitive: PrimitiveOf<P> = definePrimitive<P>({
    name: rules.name,
    namedAxes: ({ axisName }) => [axisName],
    infer: ([x], params) => (x === undefined ? [] : [rules.infer(x, params)]),
    jvp: 'noRule' in transpose ? transpose : tangent,
    transpose:
      'noRule' in transpose
        ? transpose
        : ([ct], [x], params) => [ct && x && isHole(x) ? transpose(ct, params) : null],
    batch: ([x], [isBatched], params, size, axis) => {
      invariant(x !== undefined, `${rules.name} of nothing`);
      if (axis !== params.axisName) return [apply(x, rules.shift(params))];
      return [rules.resolve(lifted(x, isBatched, size), params)];
    },
    lower: () => {
      throw new Error(`no vmap resolved '${rules.name}'`);
    },
  });
  const apply = (x: Value, params: P): Value => bindOne(primitive, [x], params);
  return apply;
}

/** There is no derivative, as in JAX. */
export const noDerivative = (op: string): NoRule =>
  unsupported(`as in JAX; gather with lax.allGather and use np.${op.slice(1)} over that axis`);

/** The function of one array applied to every array of a tree. @throws `not-an-array` */
export function mapArrays<T>(op: string, tree: T, f: (x: Value) => Value): T {
  const { leaves, structure } = flatten(tree);
  const results = leaves.map((leaf) => {
    const value = toValue(leaf);
    if (value === null) throw notAnArray(op, `${showLeaf(leaf)} as the argument`);
    return f(value);
  });
  return structure.unflatten(results) as T; // A tree of arrays, as it was.
}

/** The axis counted from the front. @throws `bad-collective` */
export function axisOf(op: string, x: Aval, axis: number, ndim = x.shape.length): number {
  const counted = axis < 0 ? axis + ndim : axis;
  if (Number.isInteger(counted) && counted >= 0 && counted < ndim) return counted;
  throw badCollective(op, `${showAval(x)} has no axis ${axis}`);
}

/** Elements per member along an axis that is divided among them. @throws `bad-collective` */
export function shareOf(
  op: string,
  x: Aval,
  axis: number,
  { axisName, axisSize }: OverAxis,
  isTiled: boolean,
): number {
  const size = itemAt(x.shape, axis);
  const fits = isTiled ? size % axisSize === 0 : size === axisSize;
  if (fits) return size / axisSize;
  const wanted = isTiled
    ? `is no multiple of the size ${axisSize}`
    : `is not ${axisSize}, the size`;
  throw badCollective(op, `axis ${axis} of ${showAval(x)} ${wanted} of '${axisName}'`);
}
