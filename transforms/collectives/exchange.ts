/** Elements moved between the members of a named axis. */
import type { Aval, Shape } from '../../core/base/aval.ts';
import { range } from '../../core/base/aval.ts';
import {
  definePrimitive,
  noTangent,
  notLinear,
  type PrimitiveOf,
} from '../../core/ir/primitive.ts';
import { bindOne } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { zeros } from '../../core/primitives/broadcast.ts';
import {
  add,
  concatenate,
  iota,
  literal,
  mul,
  reduceSum,
  reshape,
  slice,
} from '../../core/primitives/index.ts';
import { badCollective } from '../errors.ts';
import { sizeOfAxis } from '../named-axes.ts';
import { itemAt, moveAxis } from '../values.ts';
import {
  axisOf,
  type Collective,
  collective,
  mapArrays,
  type OverAxis,
  shareOf,
} from './family.ts';
import { type AxisNames, namesOf } from './reductions.ts';

const withShape = (aval: Aval, shape: Shape): Aval => ({ ...aval, shape });

const indexPrimitive: PrimitiveOf<OverAxis> = definePrimitive({
  name: 'axisIndex',
  namedAxes: ({ axisName }) => [axisName],
  infer: () => [{ shape: [], dtype: 'int32', weak: false }],
  jvp: noTangent,
  transpose: notLinear,
  // Without operands only the axis that it names concerns it.
  batch: (_operands, _batched, _params, size) => [iota('int32', [size], 0)],
  lower: () => {
    throw new Error('an axisIndex that no vmap resolved');
  },
});

/**
 * Which member of a named axis this is: int32[], from 0; with several names the first counts slowest.
 *
 * @throws `unbound-axis-name`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.axis_index.html
 */
export function axisIndex(axisName: AxisNames): Value {
  const [first, ...rest] = namesOf(axisName).map((name) => {
    const axisSize = sizeOfAxis('axisIndex', name);
    return { axisSize, index: bindOne(indexPrimitive, [], { axisName: name, axisSize }) };
  });
  if (first === undefined) throw badCollective('axisIndex', 'there is no name');
  return rest.reduce(
    (index, next) => add(mul(index, literal(next.axisSize, 'int32')), next.index),
    first.index,
  );
}

/**
 * The number of members of a named axis, a plain number.
 *
 * @throws `unbound-axis-name`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.axis_size.html
 */
export const axisSize = (axisName: AxisNames): number =>
  namesOf(axisName).reduce((size, name) => size * sizeOfAxis('axisSize', name), 1);

type Gather = OverAxis & { readonly axis: number; readonly tiled: boolean };

const gatherOver: Collective<Gather> = collective({
  name: 'allGather',
  infer: (x, { axis, tiled, axisSize: size }) =>
    withShape(
      x,
      tiled
        ? x.shape.map((extent, i) => (i === axis ? extent * size : extent))
        : x.shape.toSpliced(axis, 0, size),
    ),
  transpose: (ct, params) => scatterOver(ct, params),
  resolve: (x, { axis, tiled }) => {
    const moved = moveAxis(x, 0, axis);
    return tiled ? mergeAxes(moved, axis) : moved;
  },
  shift: (params) => ({ ...params, axis: params.axis + 1 }),
});

const scatterOver: Collective<Gather> = collective({
  name: 'psumScatter',
  infer: (x, { axis, tiled, axisSize: size }) =>
    withShape(
      x,
      tiled
        ? x.shape.map((extent, i) => (i === axis ? extent / size : extent))
        : x.shape.toSpliced(axis, 1),
    ),
  transpose: (ct, params) => gatherOver(ct, params),
  resolve: (x, { axis, tiled, axisSize: size }) => {
    const total = reduceSum(x, [0]);
    return moveAxis(tiled ? splitAxis(total, axis, size) : total, axis, 0);
  },
  shift: (params) => ({ ...params, axis: params.axis + 1 }),
});

const mergeAxes = (x: Value, axis: number): Value =>
  reshape(x, x.shape.toSpliced(axis, 2, itemAt(x.shape, axis) * itemAt(x.shape, axis + 1)));

const splitAxis = (x: Value, axis: number, size: number): Value =>
  reshape(x, x.shape.toSpliced(axis, 1, size, itemAt(x.shape, axis) / size));

/** How members' arrays are put together or apart. */
export interface TileOptions {
  /** True: along the axis, which grows or shrinks; false: it is a new axis, or one that goes. Default: false. */
  readonly tiled?: boolean;
}

/**
 * The arrays of all members of a named axis, the same for all of them.
 *
 * @param axis - Where the members' axis goes: a new one, or with `tiled` the one that they are joined along.
 *   Default: 0.
 * @returns dtype[…, members, …].
 * @throws `unbound-axis-name`, `bad-collective`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.all_gather.html
 */
export function allGather<T>(
  x: T,
  axisName: AxisNames,
  { axis = 0, tiled = false }: TileOptions & { readonly axis?: number } = {},
): T {
  const names = namesOf(axisName);
  const sizes = names.map((name) => sizeOfAxis('allGather', name));
  return mapArrays('allGather', x, (value) => {
    const at = axisOf('allGather', value.aval, axis, value.ndim + (tiled ? 0 : 1));
    // The last name counts fastest.
    return names.toReversed().reduce((gathered, name, i) => {
      const params = { axisName: name, axisSize: itemAt(sizes.toReversed(), i), axis: at, tiled };
      const next = gatherOver(gathered, params);
      return i > 0 && !tiled ? mergeAxes(next, at) : next;
    }, value);
  });
}

/**
 * The sum over all members of a named axis, of which each keeps its own part.
 *
 * @param scatterDimension - The axis that is divided: it goes, or with `tiled` shrinks. Default: 0.
 * @throws `unbound-axis-name`, `bad-collective`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.psum_scatter.html
 */
export function psumScatter<T>(
  x: T,
  axisName: string,
  {
    scatterDimension = 0,
    tiled = false,
  }: TileOptions & { readonly scatterDimension?: number } = {},
): T {
  const over = { axisName, axisSize: sizeOfAxis('psumScatter', axisName) };
  return mapArrays('psumScatter', x, (value) => {
    const axis = axisOf('psumScatter', value.aval, scatterDimension);
    shareOf('psumScatter', value.aval, axis, over, tiled);
    return scatterOver(value, { ...over, axis, tiled });
  });
}

type Exchange = OverAxis & {
  readonly split: number;
  readonly concat: number;
  readonly tiled: boolean;
};

const exchangeOver: Collective<Exchange> = collective({
  name: 'allToAll',
  infer: (x, { split, concat, tiled, axisSize: size }) => {
    if (!tiled) return withShape(x, x.shape.toSpliced(split, 1).toSpliced(concat, 0, size));
    const shares = x.shape.map((extent, i) => (i === split ? extent / size : extent));
    return withShape(
      x,
      shares.map((extent, i) => (i === concat ? extent * size : extent)),
    );
  },
  transpose: (ct, params) =>
    exchangeOver(ct, { ...params, split: params.concat, concat: params.split }),
  resolve: (x, { split, concat, tiled, axisSize: size }) => {
    // From [sender, …, receiver, …] to [receiver, …, sender, …].
    const parts = tiled ? splitAxis(x, split + 1, size) : x;
    const byReceiver = moveAxis(parts, split + 1, 0);
    const placed = moveAxis(byReceiver, 1, concat + 1);
    return tiled ? mergeAxes(placed, concat + 1) : placed;
  },
  shift: (params) => ({ ...params, split: params.split + 1, concat: params.concat + 1 }),
});

/**
 * Every member of a named axis gives each member one part of its array, and joins the parts that it is given.
 *
 * @param split - The axis along which parts are given away; it goes, or with `tiled` shrinks.
 * @param concat - The axis along which parts are joined: a new one, or with `tiled` one that grows.
 * @throws `unbound-axis-name`, `bad-collective`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.all_to_all.html
 */
export function allToAll<T>(
  x: T,
  axisName: string,
  split: number,
  concat: number,
  { tiled = false }: TileOptions = {},
): T {
  const over = { axisName, axisSize: sizeOfAxis('allToAll', axisName) };
  return mapArrays('allToAll', x, (value) => {
    const from = axisOf('allToAll', value.aval, split);
    const to = axisOf('allToAll', value.aval, concat);
    shareOf('allToAll', value.aval, from, over, tiled);
    return exchangeOver(value, { ...over, split: from, concat: to, tiled });
  });
}

/**
 * Swaps a named axis with one of the array's of the same size.
 *
 * @throws `unbound-axis-name`, `bad-collective`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.pswapaxes.html
 */
export const pswapaxes = <T>(x: T, axisName: string, axis: number): T =>
  allToAll(x, axisName, axis, axis);

type Permute = OverAxis & { readonly pairs: readonly (readonly [from: number, to: number])[] };

const permuteOver: Collective<Permute> = collective({
  name: 'ppermute',
  infer: (x) => x,
  transpose: (ct, params) =>
    permuteOver(ct, { ...params, pairs: params.pairs.map(([from, to]) => [to, from] as const) }),
  resolve: (x, { pairs, axisSize: size }) => {
    const sources = range(size).map((member) => pairs.find(([, to]) => to === member)?.[0] ?? -1);
    return concatenate(
      runs(sources).map((run) => rows(x, run)),
      0,
    );
  },
  shift: (params) => params,
});

interface Run {
  readonly start: number;
  readonly count: number;
}

/** Consecutive numbers as ranges; −1 stands for nothing. */
function runs(sources: readonly number[]): Run[] {
  const found: Run[] = [];
  for (const source of sources) {
    const last = found.at(-1);
    const goesOn =
      last !== undefined &&
      (source === -1 ? last.start === -1 : last.start !== -1 && last.start + last.count === source);
    if (goesOn) found[found.length - 1] = { ...last, count: last.count + 1 };
    else found.push({ start: source, count: 1 });
  }
  return found;
}

function rows(x: Value, { start, count }: Run): Value {
  const rest = x.shape.slice(1);
  if (start === -1) return zeros({ shape: [count, ...rest], dtype: x.dtype });
  return slice(x, [start, ...rest.map(() => 0)], [start + count, ...rest]);
}

/**
 * The array of another member of a named axis; zeros for members that are sent nothing.
 *
 * @param pairs - From which member to which, each at most once.
 * @throws `unbound-axis-name`, `bad-collective`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.ppermute.html
 */
export function ppermute<T>(
  x: T,
  axisName: string,
  pairs: readonly (readonly [from: number, to: number])[],
): T {
  const over = { axisName, axisSize: sizeOfAxis('ppermute', axisName) };
  for (const side of [0, 1] as const) {
    const members = pairs.map((pair) => pair[side]);
    const odd = members.find(
      (member, i) =>
        !Number.isInteger(member) ||
        member < 0 ||
        member >= over.axisSize ||
        members.indexOf(member) !== i,
    );
    if (odd !== undefined) {
      throw badCollective(
        'ppermute',
        `member ${odd} of '${axisName}', which has ${over.axisSize}, is ${side === 0 ? 'sent' : 'given'} something twice or does not exist`,
      );
    }
  }
  return mapArrays('ppermute', x, (value) => permuteOver(value, { ...over, pairs }));
}

/**
 * The arrays of the members of a named axis in another order.
 *
 * @param order - For each member whose array it gets.
 * @throws `unbound-axis-name`, `bad-collective`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.pshuffle.html
 */
export function pshuffle<T>(x: T, axisName: string, order: readonly number[]): T {
  const size = sizeOfAxis('pshuffle', axisName);
  if (order.length !== size) {
    throw badCollective(
      'pshuffle',
      `the order has ${order.length} entries, but '${axisName}' has ${size} members`,
    );
  }
  return ppermute(
    x,
    axisName,
    order.map((from, to) => [from, to] as const),
  );
}
