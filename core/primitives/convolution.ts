/**
 * Convolutions. What one computes is a product of windows with the kernel, and it is lowered to that. It is an
 * operation of its own for its derivatives: that in x is a convolution again, with the kernel turned round, where
 * the adjoint of the product would make an array of all windows.
 */
import { type Aval, makeAval, range } from '../base/aval.ts';
import { isFloat } from '../base/dtype.ts';
import { definePrimitive, isHole, type PrimitiveOf } from '../ir/primitive.ts';
import type { Program } from '../ir/program.ts';
import { bindOne, traceClosed } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { lifted, zeros } from './broadcast.ts';
import { first, nth, pair, withRecord } from './define.ts';
import { dotGeneral } from './dot.ts';
import { add } from './elementwise/arithmetic.ts';
import { sumTangents } from './elementwise/family.ts';
import { literal } from './generate.ts';
import { reshape, reverse, transpose } from './movement.ts';
import { pad, unpad } from './slicing.ts';
import { foldWindows, unfold } from './unfold.ts';

/** How a convolution runs over space. Lists have a number for each axis of space. */
export interface ConvolutionSpec {
  /** From one window to the next. */
  readonly strides: readonly number[];
  /** Zeros before x, and after it; fewer than none crop. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** From one element of x to the next, with zeros between them. */
  readonly lhsDilation: readonly number[];
  /** From one element of the kernel to the next. */
  readonly rhsDilation: readonly number[];
  /** In how many groups channels are kept apart. */
  readonly groups: number;
  /** The axes of batch, channels and space in x. */
  readonly lhsSpec: readonly number[];
  /** The axes of outputs, inputs and space in the kernel. */
  readonly rhsSpec: readonly number[];
  /** The axes of batch, channels and space in the result. */
  readonly outSpec: readonly number[];
}

type Params = { readonly [K in keyof ConvolutionSpec]: ConvolutionSpec[K] };

/** What an axis is: batch, groups, inputs, outputs, a place on an axis of space, one in a window of it. */
type Label = 'batch' | 'group' | 'input' | 'output' | `place ${number}` | `window ${number}`;

/** An array whose axes have labels. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly Label[];
}

/** The labels of axes that are in the order of a spec. */
function labelsOf(
  spec: readonly number[],
  [head, second, space]: readonly [Label, Label, 'place' | 'window'],
): Label[] {
  const names: Label[] = [
    head,
    second,
    ...range(spec.length - 2).map((k): Label => `${space} ${k}`),
  ];
  return range(spec.length).map((axis) => nth(names, spec.indexOf(axis)));
}

const labelled = (
  value: Value,
  spec: readonly number[],
  names: Parameters<typeof labelsOf>[1],
): Labelled => ({ value, labels: labelsOf(spec, names) });

/** The axis of a label in two: the groups, and what is in each. */
function inGroups({ value, labels }: Labelled, label: Label, groups: number): Labelled {
  const axis = labels.indexOf(label);
  const each = Math.floor(nth(value.shape, axis) / groups);
  return {
    value: reshape(value, value.shape.toSpliced(axis, 1, groups, each)),
    labels: labels.toSpliced(axis, 1, 'group', label),
  };
}

/** The array with its axes in this order, those of groups joined with those after them. */
function joined({ value, labels }: Labelled, order: readonly Label[]): Value {
  const moved = transpose(
    value,
    order.map((label) => labels.indexOf(label)),
  );
  const group = order.indexOf('group');
  const size = nth(moved.shape, group) * nth(moved.shape, group + 1);
  return reshape(moved, moved.shape.toSpliced(group, 2, size));
}

/** The labels of an array in the order of a spec, with groups before `grouped`. */
const withGroups = (labels: readonly Label[], grouped: Label): Label[] =>
  labels.flatMap((label): Label[] => (label === grouped ? ['group', label] : [label]));

/** The products of two arrays over all axes of these labels, for each group. */
function product(x: Labelled, y: Labelled, isSummed: (label: Label) => boolean): Labelled {
  const at = ({ labels }: Labelled, wanted: readonly Label[]): number[] =>
    wanted.map((label) => labels.indexOf(label));
  // In the order that the left operand has in memory.
  const summed = x.labels.filter(isSummed);
  const free = ({ labels }: Labelled): Label[] =>
    labels.filter((label) => label !== 'group' && !isSummed(label));
  const value = dotGeneral(x.value, y.value, {
    lhsBatch: at(x, ['group']),
    rhsBatch: at(y, ['group']),
    lhsContract: at(x, summed),
    rhsContract: at(y, summed),
  });
  return { value, labels: ['group', ...free(x), ...free(y)] };
}

/** One number per axis of space, at the axes of x; others get `other`. */
const spread = (numbers: readonly number[], spec: readonly number[], other: number): number[] =>
  range(spec.length).map((axis) => numbers[spec.indexOf(axis) - 2] ?? other);

const paddingOf = ({ low, high, lhsDilation, lhsSpec }: Params) => ({
  low: spread(low, lhsSpec, 0),
  high: spread(high, lhsSpec, 0),
  interior: spread(
    lhsDilation.map((n) => n - 1),
    lhsSpec,
    0,
  ),
});

/** x with each axis of space in two, those of places and of windows, its channels in groups. */
function windowsOf(x: Value, kernel: readonly number[], params: Params): Labelled {
  const { lhsSpec, rhsSpec, strides, rhsDilation, groups } = params;
  const { low, high, interior } = paddingOf(params);
  const padded = pad(x, literal(0, x.dtype), low, high, interior);
  const whole = labelled(padded, lhsSpec, ['batch', 'input', 'place']);
  const windows = strides.reduce((before: Labelled, stride, k): Labelled => {
    const axis = before.labels.indexOf(`place ${k}`);
    const size = nth(kernel, nth(rhsSpec, k + 2));
    return {
      value: unfold(before.value, axis, { size, stride, dilation: nth(rhsDilation, k) }),
      labels: before.labels.toSpliced(axis + 1, 0, `window ${k}`),
    };
  }, whole);
  return inGroups(windows, 'input', groups);
}

const outLabels = ({ outSpec }: Params, value: Value): Labelled =>
  labelled(value, outSpec, ['batch', 'output', 'place']);

const kernelLabels = ({ rhsSpec }: Params, value: Value): Labelled =>
  labelled(value, rhsSpec, ['output', 'input', 'window']);

const isOfKernel = (label: Label): boolean => label === 'input' || label.startsWith('window');
const isOfResult = (label: Label): boolean => label === 'batch' || label.startsWith('place');

/** The convolution as a product. */
function asProduct(x: Value, kernel: Value, params: Params): Value {
  const { outSpec, groups } = params;
  const windows = windowsOf(x, kernel.shape, params);
  const weights = inGroups(kernelLabels(params, kernel), 'output', groups);
  const found = product(windows, weights, isOfKernel);
  const order = labelsOf(outSpec, ['batch', 'output', 'place']);
  return joined(found, withGroups(order, 'output'));
}

const programOf = (avals: readonly Aval[], params: Params): Program =>
  traceClosed(
    ([x, kernel]) => [asProduct(x as Value, kernel as Value, params)],
    avals,
    'convolution',
  );

/** What x must be for the convolution to be this: its cotangent, from that of the result. */
function inX(ct: Value, kernel: Value, x: Aval, params: Params): Value {
  const isEmpty = [...ct.shape, ...x.shape, ...kernel.shape].includes(0);
  // Of a result between whose elements there would be zeros, the windows are the smaller array.
  const isDense = params.strides.every((stride) => stride === 1);
  return isDense && !isEmpty ? turnedRound(ct, kernel, x, params) : folded(ct, kernel, x, params);
}

/** The convolution of the cotangent with the kernel turned round, its inputs and outputs exchanged. */
function turnedRound(ct: Value, kernel: Value, x: Aval, params: Params): Value {
  const { strides, low, lhsDilation, rhsDilation, groups, lhsSpec, rhsSpec, outSpec } = params;
  const [outputs, inputs] = pair(rhsSpec);
  const space = rhsSpec.slice(2);
  const weights = inGroups(kernelLabels(params, reverse(kernel, space)), 'output', groups);
  const order = labelsOf(rhsSpec, ['output', 'input', 'window']);
  const reach = space.map((axis, k) => (nth(kernel.shape, axis) - 1) * nth(rhsDilation, k));
  const before = reach.map((far, k) => far - nth(low, k));
  const after = reach.map((far, k) => {
    const whole = (nth(x.shape, nth(lhsSpec, k + 2)) - 1) * nth(lhsDilation, k);
    const covered = (nth(ct.shape, nth(outSpec, k + 2)) - 1) * nth(strides, k);
    return whole + far - covered - nth(before, k);
  });
  return convolve(ct, joined(weights, withGroups(order, 'input')), {
    strides: lhsDilation,
    low: before,
    high: after,
    lhsDilation: strides,
    rhsDilation,
    groups,
    lhsSpec: outSpec,
    rhsSpec: [inputs, outputs, ...space],
    outSpec: lhsSpec,
  });
}

/** The cotangents of all windows, each added where it was taken from. */
function folded(ct: Value, kernel: Value, x: Aval, params: Params): Value {
  const { groups, lhsSpec, rhsSpec, strides, rhsDilation } = params;
  const windows = product(
    inGroups(outLabels(params, ct), 'output', groups),
    inGroups(kernelLabels(params, kernel), 'output', groups),
    (label) => label === 'output',
  );
  const order = labelsOf(lhsSpec, ['batch', 'input', 'place']).flatMap((label): Label[] => {
    const k = strides.findIndex((_, axis) => label === `place ${axis}`);
    return k < 0 ? [label] : [label, `window ${k}`];
  });
  const padding = paddingOf(params);
  const whole = strides.reduceRight(
    ({ value, labels }: Labelled, stride, k): Labelled => {
      const axis = nth(lhsSpec, k + 2);
      const length =
        nth(x.shape, axis) +
        Math.max(0, nth(x.shape, axis) - 1) * nth(padding.interior, axis) +
        nth(padding.low, axis) +
        nth(padding.high, axis);
      const size = nth(kernel.shape, nth(rhsSpec, k + 2));
      const window = { size, stride, dilation: nth(rhsDilation, k) };
      return {
        value: foldWindows(value, labels.indexOf(`place ${k}`), length, window),
        labels: labels.filter((label) => label !== `window ${k}`),
      };
    },
    { value: joined(windows, withGroups(order, 'input')), labels: order },
  );
  return unpad(whole.value, x, padding);
}

/** The cotangent of the kernel: the windows of x times the cotangent of the result, over all places. */
function inKernel(ct: Value, x: Value, kernel: Aval, params: Params): Value {
  const found = product(
    windowsOf(x, kernel.shape, params),
    inGroups(outLabels(params, ct), 'output', params.groups),
    isOfResult,
  );
  const order = labelsOf(params.rhsSpec, ['output', 'input', 'window']);
  return joined(found, withGroups(order, 'output'));
}

/** The batch, which is axis 0, as the slower part of another axis. */
function merged(x: Value, axis: number): Value {
  const order = range(x.ndim).slice(1).toSpliced(axis, 0, 0);
  const moved = transpose(x, order);
  const [size, each] = pair(moved.shape.slice(axis));
  return reshape(moved, moved.shape.toSpliced(axis, 2, size * each));
}

/** The inverse of {@link merged}. */
function parted(x: Value, axis: number, size: number): Value {
  const whole = reshape(x, x.shape.toSpliced(axis, 1, size, Math.floor(nth(x.shape, axis) / size)));
  return transpose(whole, [axis, ...range(whole.ndim).filter((other) => other !== axis)]);
}

/** What a batch of nothing gives: groups or images cannot be told apart where there are none. */
function emptyBatch(
  operands: readonly Value[],
  batched: readonly (boolean | undefined)[],
  params: Params,
): Value {
  const each = operands.map(({ aval }, k) =>
    batched[k] === true ? makeAval(aval.shape.slice(1), aval.dtype, aval.weak) : aval,
  );
  const { shape, dtype } = first(programOf(each, params).outputs).aval;
  return zeros({ shape: [0, ...shape], dtype });
}

const convolutionPrimitive: PrimitiveOf<Params> = definePrimitive({
  name: 'convolution',
  infer: (avals, params) => programOf(avals, params).outputs.map(({ aval }) => aval),
  jvp: (primals, tangents, params) => {
    const [x, kernel] = pair(primals);
    const [dx, dKernel] = pair(tangents);
    if (!isFloat(x.dtype)) return [null];
    return [
      sumTangents(
        dx && convolve(dx, kernel, params),
        dKernel && convolve(x, dKernel, params),
        (a, b) => add(a, b),
      ),
    ];
  },
  transpose: ([ct], operands, params) => {
    const [x, kernel] = pair(operands);
    if (!ct) return [null, null];
    return [
      isHole(x) && !isHole(kernel) ? inX(ct, kernel, x.aval, params) : null,
      isHole(kernel) && !isHole(x) ? inKernel(ct, x, kernel.aval, params) : null,
    ];
  },
  batch: (operands, [isBatchedX, isBatchedKernel], params, size) => {
    const [x, kernel] = pair(operands);
    const { lhsSpec, rhsSpec, outSpec, groups } = params;
    if (size === 0) return [emptyBatch(operands, [isBatchedX, isBatchedKernel], params)];
    if (isBatchedKernel !== true) {
      return [parted(convolve(merged(x, first(lhsSpec)), kernel, params), first(outSpec), size)];
    }
    const weights = merged(kernel, first(rhsSpec));
    if (isBatchedX !== true && groups === 1) {
      return [parted(convolve(x, weights, params), nth(outSpec, 1), size)];
    }
    const images = merged(lifted(x, isBatchedX, size), nth(lhsSpec, 1));
    const all = convolve(images, weights, { ...params, groups: groups * size });
    return [parted(all, nth(outSpec, 1), size)];
  },
  lower: (avals, params) => ({ kind: 'call', program: programOf(avals, params), isApart: false }),
});

const convolve = (x: Value, kernel: Value, params: Params): Value =>
  bindOne(convolutionPrimitive, [x, kernel], params);

/**
 * The convolution (without turning the kernel round) of x with a kernel, whose axes are as the spec says.
 *
 * @throws `dtype-mismatch`, `bad-padding`, `bad-sliding-window`, `bad-contraction`, `unsupported-dtype`
 * @see https://openxla.org/stablehlo/spec#convolution
 */
export const convolution = withRecord(
  convolutionPrimitive,
  (x: Value, kernel: Value, spec: ConvolutionSpec): Value => convolve(x, kernel, { ...spec }),
);
