/** The law table: what each primitive is tried on. tsc rejects a primitive without a row. */
import type { Shape } from '../../core/base/aval.ts';
import { range, sizeOf } from '../../core/base/aval.ts';
import type { DType } from '../../core/base/dtype.ts';
import type { DotDims } from '../../core/ir/lowering.ts';
import type { Value } from '../../core/ir/value.ts';
import {
  type Argument,
  type Binary,
  type ConvolutionSpec,
  type Cumulative,
  type GatherSpec,
  primitives as p,
  type Reduction,
  type ScatterSpec,
  type Unary,
} from '../../core/primitives/index.ts';
import {
  booleans,
  denormals,
  floats,
  given,
  type Input,
  integers,
  ordinary,
  scalar,
  shapes,
  special,
  specialPairs,
} from './inputs.ts';

/** A primitive applied to arrays. */
export interface Sample {
  readonly title: string;
  readonly inputs: readonly Input[];
  readonly apply: (inputs: readonly Value[]) => readonly Value[];
  /** Finite differences apply: no kink, no tie, no pole is near. */
  readonly smooth: boolean;
}

const fs = (...dtypes: DType[]): readonly DType[] => dtypes;
const numbers = fs('float32', 'int32', 'uint32');
const all = fs('float32', 'int32', 'uint32', 'bool');
const whole = fs('int32', 'uint32');
const bitwise = fs('int32', 'uint32', 'bool');

const show = ({ aval }: Input): string => `${aval.dtype}[${aval.shape.join(', ')}]`;

/** A sample of a function; `smooth` by default if all inputs are floats. */
function sample(
  inputs: readonly Input[],
  apply: (...inputs: Value[]) => Value | readonly Value[],
  options: { readonly title?: string; readonly smooth?: boolean } = {},
): Sample {
  return {
    title: [options.title ?? '', ...inputs.map(show)].join(' ').trim(),
    inputs,
    apply: (values) => [apply(...values)].flat(),
    smooth: options.smooth ?? inputs.some(({ aval }) => aval.dtype === 'float32'),
  };
}

/** A unary operation on floats between two numbers, and on every special element of its types. */
const unary = (op: Unary, dtypes: readonly DType[], low = -2, high = 2): readonly Sample[] => [
  ...(dtypes.includes('float32') ? shapes.map((s) => sample([floats(s, low, high)], op)) : []),
  ...dtypes.filter((d) => d !== 'float32').map((d) => sample([ordinary([2, 3], d)], op)),
  ...dtypes.map((d) => sample([special(d)], op, { title: 'special', smooth: false })),
];

const binary = (op: Binary, dtypes: readonly DType[], low = -2, high = 2): readonly Sample[] => [
  ...(dtypes.includes('float32')
    ? shapes.map((s) => sample([floats(s, low, high), floats(s, low, high)], op))
    : []),
  ...dtypes
    .filter((d) => d !== 'float32')
    .map((d) => sample([ordinary([2, 3], d), ordinary([2, 3], d)], op)),
  ...dtypes.map((d) => sample(specialPairs(d), op, { title: 'special', smooth: false })),
];

const tiny = given([denormals.length], 'float32', denormals);
const ones = given(
  [denormals.length],
  'float32',
  denormals.map(() => 1),
);

/** Numbers below the least normal one. Results may be zero where they are as small. */
const denormal = (op: Unary): Sample => sample([tiny], op, { title: 'denormal', smooth: false });

/** Numbers below the least normal one, paired with 1. */
const denormalPair = (op: Binary): Sample =>
  sample([tiny, ones], op, { title: 'denormal', smooth: false });

/** A reduction over every choice of axes that matters. */
const reduction = (
  op: Reduction,
  dtypes: readonly DType[],
  isExtreme = false,
): readonly Sample[] => [
  ...dtypes.flatMap((d) =>
    (
      [
        [[2, 3], [1]],
        [[5, 3], [0]],
        [
          [2, 3, 4],
          [0, 2],
        ],
        [
          [2, 3, 2],
          [2, 1],
        ],
        [[7], [0]],
        [[1, 4], [0]],
        [[4, 1], [1]],
        [[2, 3], []],
        [[0, 3], [0]],
        [[2, 0], [0]],
        [[3, 67], [1]],
      ] as const
    ).map(([s, axes]) =>
      sample([ordinary(s, d)], (x) => op(x, axes), {
        title: `[${axes.join()}]`,
        // The extreme of nothing is infinite and has no derivative.
        smooth: d === 'float32' && !(isExtreme && s[0] === 0),
      }),
    ),
  ),
  ...dtypes.map((d) =>
    sample([special(d)], (x) => op(x, [0]), { title: 'special', smooth: false }),
  ),
];

const argument = (op: Argument): readonly Sample[] => [
  ...all.flatMap((d) => [
    sample([ordinary([5, 3], d)], (x) => op(x, 0), { title: 'ties', smooth: false }),
    sample([ordinary([2, 37], d)], (x) => op(x, 1), { smooth: false }),
    sample([ordinary([4, 1], d)], (x) => op(x, 1), { smooth: false }),
    sample([ordinary([0, 3], d)], (x) => op(x, 1), { smooth: false }),
    sample([special(d)], (x) => op(x, 0), { title: 'special', smooth: false }),
  ]),
  sample([given([4], 'float32', [-0, 0, -0, 0])], (x) => op(x, 0), { smooth: false }),
];

const float = fs('float32');

const dot = (lhs: Shape, rhs: Shape, dims: Partial<DotDims>, dtype: DType = 'float32'): Sample =>
  sample([ordinary(lhs, dtype), ordinary(rhs, dtype)], (x, y) =>
    p.dotGeneral(x, y, { lhsContract: [], rhsContract: [], lhsBatch: [], rhsBatch: [], ...dims }),
  );

const noDims = { operandBatchingDims: [], indicesBatchingDims: [] };

/** Rows of a matrix, some of them outside of it. */
const takeRows = (mode: GatherSpec['mode']): GatherSpec => ({
  ...noDims,
  offsetDims: [1],
  collapsedSliceDims: [0],
  startIndexMap: [0],
  sliceSizes: [1, 3],
  mode,
});

const gathers = (['clip', 'fill', 'zero'] as const).flatMap((mode) => [
  ...all.map((d) =>
    sample(
      [ordinary([5, 3], d), given([6, 1], 'int32', [4, 0, -1, 5, 2, 2])],
      (x, i) => p.gather(x, i, takeRows(mode)),
      { title: mode, smooth: mode !== 'fill' },
    ),
  ),
  // Windows of 2 × 2 at pairs of positions, offset axes first.
  sample(
    [floats([4, 5]), integers([3, 2], -1, 4)],
    (x, i) =>
      p.gather(x, i, {
        ...noDims,
        offsetDims: [0, 1],
        collapsedSliceDims: [],
        startIndexMap: [1, 0],
        sliceSizes: [2, 2],
        mode,
      }),
    { title: `windows ${mode}`, smooth: mode !== 'fill' },
  ),
  // One row of indices per row of the operand.
  sample(
    [floats([3, 5]), integers([3, 2, 1], 0, 5)],
    (x, i) =>
      p.gather(x, i, {
        offsetDims: [],
        collapsedSliceDims: [1],
        startIndexMap: [1],
        operandBatchingDims: [0],
        indicesBatchingDims: [0],
        sliceSizes: [1, 1],
        mode,
      }),
    { title: `batched ${mode}`, smooth: mode !== 'fill' },
  ),
  sample([floats([5, 3]), given([0, 1], 'int32', [])], (x, i) => p.gather(x, i, takeRows(mode)), {
    title: `none ${mode}`,
    smooth: false,
  }),
]);

const putRows = (combine: ScatterSpec['combine'], mode: ScatterSpec['mode']): ScatterSpec => ({
  ...noDims,
  updateWindowDims: [1],
  insertedWindowDims: [0],
  scatterDimsToOperandDims: [0],
  combine,
  mode,
});

/** Positive numbers whose products stay small. */
function positive(shape: Shape, dtype: DType): Input {
  if (dtype === 'bool') return booleans(shape);
  return dtype === 'float32' ? floats(shape, 0.5, 1.5) : integers(shape, 1, 5, dtype);
}

const scatters = (['set', 'add', 'mul', 'min', 'max'] as const).flatMap((combine) =>
  (['clip', 'drop'] as const).flatMap((mode) => [
    ...(combine === 'set' ? all : numbers).map((d) =>
      sample(
        [positive([5, 3], d), given([6, 1], 'int32', [4, 0, -1, 5, 2, 2]), positive([6, 3], d)],
        (x, i, y) => p.scatter(x, i, y, putRows(combine, mode)),
        { title: `${combine} ${mode}` },
      ),
    ),
    // Windows of 2 × 2 that overlap.
    sample(
      [positive([4, 5], 'float32'), integers([7, 2], -1, 4), positive([2, 7, 2], 'float32')],
      (x, i, y) =>
        p.scatter(x, i, y, {
          ...noDims,
          updateWindowDims: [0, 2],
          insertedWindowDims: [],
          scatterDimsToOperandDims: [1, 0],
          combine,
          mode,
        }),
      { title: `windows ${combine} ${mode}` },
    ),
    sample(
      [positive([3, 5], 'float32'), integers([3, 4, 1], 0, 5), positive([3, 4], 'float32')],
      (x, i, y) =>
        p.scatter(x, i, y, {
          updateWindowDims: [],
          insertedWindowDims: [1],
          scatterDimsToOperandDims: [1],
          operandBatchingDims: [0],
          indicesBatchingDims: [0],
          combine,
          mode,
        }),
      { title: `batched ${combine} ${mode}` },
    ),
    sample(
      [floats([5, 3]), given([0, 1], 'int32', []), floats([0, 3])],
      (x, i, y) => p.scatter(x, i, y, putRows(combine, mode)),
      { title: `none ${combine} ${mode}` },
    ),
  ]),
);

const pads = (
  [
    [
      [2, 3],
      [1, 0],
      [2, 1],
      [0, 0],
    ],
    [[5], [0], [0], [2]],
    [
      [4, 3],
      [-1, 2],
      [-2, -1],
      [0, 1],
    ],
    [[7], [-3], [1], [2]],
    [
      [1, 2],
      [3, -2],
      [0, 4],
      [5, 3],
    ],
    [[], [], [], []],
    [
      [0, 2],
      [1, 0],
      [2, 0],
      [3, 0],
    ],
    [[3], [-1], [-2], [0]],
  ] as const
).map(([shape, low, high, interior]) =>
  sample([floats(shape), scalar(0.7)], (x, v) => p.pad(x, v, low, high, interior), {
    title: `${low} ${high} ${interior}`,
  }),
);

const sorts = (shape: Shape, axis: number, dtype: DType): readonly Sample[] => [
  sample([ordinary(shape, dtype)], (x) => p.sort([x], axis), { title: `axis ${axis}` }),
  sample(
    [integers(shape, 0, 3), ordinary(shape, dtype), floats(shape)],
    (x, y, z) => p.sort([x, y, z], axis, 2),
    // Where keys tie, the third array's order jumps, but its tangent follows.
    { title: `two keys, axis ${axis}` },
  ),
];

const starts = (...values: number[]): Input[] => values.map((value) => scalar(value, 'int32'));

/** Convolutions of few elements, each with options of its own. */
function convolutions(): readonly Sample[] {
  const plain: ConvolutionSpec = {
    strides: [1],
    low: [0],
    high: [0],
    lhsDilation: [1],
    rhsDilation: [1],
    groups: 1,
    lhsSpec: [0, 1, 2],
    rhsSpec: [0, 1, 2],
    outSpec: [0, 1, 2],
  };
  const one = (x: Shape, kernel: Shape, spec: Partial<ConvolutionSpec> = {}): Sample =>
    sample([floats(x), floats(kernel)], (a, b) => p.convolution(a, b, { ...plain, ...spec }));
  return [
    one([2, 2, 5], [3, 2, 2]),
    one([1, 2, 4], [4, 1, 3], { low: [1], high: [2], groups: 2 }),
    one([1, 1, 6], [2, 1, 2], { strides: [2], lhsDilation: [3], rhsDilation: [2], low: [-1] }),
    one([5, 2, 2], [2, 3, 2], { lhsSpec: [1, 2, 0], rhsSpec: [1, 2, 0], outSpec: [2, 0, 1] }),
    one([1, 2, 2], [1, 2, 4]),
    sample([integers([1, 1, 4], 0, 9), integers([1, 1, 2], 0, 9)], (a, b) =>
      p.convolution(a, b, plain),
    ),
  ];
}

/** A running result, either way. */
const cumulative = (op: Cumulative): readonly Sample[] =>
  [false, true].flatMap((reverse) => [
    sample([floats([7])], (x) => op(x, 0, reverse), { title: `reverse ${reverse}` }),
    sample([floats([3, 5, 2])], (x) => op(x, 1, reverse), { title: `reverse ${reverse}` }),
    sample([integers([4, 3], -9, 9)], (x) => op(x, 0, reverse), { title: `reverse ${reverse}` }),
    sample([floats([1, 3])], (x) => op(x, 0, reverse), { title: `reverse ${reverse}` }),
  ]);

/** x + xᵀ: decompositions of symmetric matrices read one triangle only. */
const symmetric = (x: Value): Value =>
  p.add(x, p.transpose(x, [...range(x.ndim - 2), x.ndim - 1, x.ndim - 2]));

/** A positive definite matrix. */
function definite(x: Value): Value {
  const rows = p.iota('int32', x.shape, x.ndim - 2);
  const columns = p.iota('int32', x.shape, x.ndim - 1);
  const heavy = p.mul(
    p.convert(p.eq(rows, columns), 'float32'),
    p.broadcastInDim(p.literal(9, 'float32'), x.shape, []),
  );
  return p.add(symmetric(x), heavy);
}

/** Every primitive's samples, by name. */
export const samples: Readonly<Record<keyof typeof p, readonly Sample[]>> = {
  neg: [...unary(p.neg, numbers), denormal(p.neg)],
  abs: [...unary(p.abs, fs('float32', 'int32')), denormal(p.abs)],
  sign: unary(p.sign, numbers),
  floor: unary(p.floor, float),
  ceil: unary(p.ceil, float),
  round: unary(p.round, float),
  exp: [...unary(p.exp, float), denormal(p.exp)],
  expm1: unary(p.expm1, float),
  log: unary(p.log, float, 0.2, 5),
  log1p: unary(p.log1p, float, -0.7, 3),
  sqrt: unary(p.sqrt, float, 0.2, 5),
  rsqrt: unary(p.rsqrt, float, 0.2, 5),
  sin: unary(p.sin, float, -7, 7),
  cos: unary(p.cos, float, -7, 7),
  tan: unary(p.tan, float, -1.3, 1.3),
  asin: unary(p.asin, float, -0.9, 0.9),
  acos: unary(p.acos, float, -0.9, 0.9),
  atan: unary(p.atan, float),
  sinh: unary(p.sinh, float),
  cosh: unary(p.cosh, float),
  tanh: [...unary(p.tanh, float), denormal(p.tanh)],
  asinh: unary(p.asinh, float),
  acosh: unary(p.acosh, float, 1.2, 5),
  atanh: unary(p.atanh, float, -0.9, 0.9),
  erf: unary(p.erf, float),
  erfc: unary(p.erfc, float),
  erfInv: unary(p.erfInv, float, -0.9, 0.9),
  logistic: [...unary(p.logistic, float, -5, 5), denormal(p.logistic)],
  isFinite: unary(p.isFinite, float),
  not: unary(p.not, bitwise),
  populationCount: unary(p.populationCount, whole),
  countLeadingZeros: unary(p.countLeadingZeros, whole),
  add: [...binary(p.add, numbers), denormalPair(p.add)],
  sub: binary(p.sub, numbers),
  mul: [...binary(p.mul, numbers), denormalPair(p.mul)],
  div: binary(p.div, numbers, 0.5, 2),
  rem: binary(p.rem, numbers, 1.1, 1.9),
  pow: [...binary(p.pow, float, 0.3, 3), denormalPair(p.pow)],
  atan2: binary(p.atan2, float),
  max: [...binary(p.max, all), denormalPair(p.max)],
  min: [...binary(p.min, all), denormalPair(p.min)],
  and: binary(p.and, bitwise),
  or: binary(p.or, bitwise),
  xor: binary(p.xor, bitwise),
  shiftLeft: binary(p.shiftLeft, whole),
  shiftRightLogical: binary(p.shiftRightLogical, whole),
  shiftRightArithmetic: binary(p.shiftRightArithmetic, whole),
  eq: binary(p.eq, all),
  ne: binary(p.ne, all),
  lt: binary(p.lt, all),
  le: binary(p.le, all),
  gt: binary(p.gt, all),
  ge: binary(p.ge, all),
  select: [
    ...shapes.flatMap((s) =>
      all.map((d) => sample([booleans(s), ordinary(s, d), ordinary(s, d)], p.select)),
    ),
  ],
  convert: [
    ...all.flatMap((from) =>
      all.flatMap((to) => [
        sample([ordinary([2, 3], from)], (x) => p.convert(x, to), {
          title: `to ${to}`,
          smooth: false,
        }),
        sample([special(from)], (x) => p.convert(x, to), {
          title: `special to ${to}`,
          smooth: false,
        }),
      ]),
    ),
    sample([floats([2, 3])], (x) => p.convert(x, 'float32', true), { title: 'to weak' }),
  ],
  bitcast: numbers.flatMap((from) =>
    numbers.map((to) =>
      sample([special(from)], (x) => p.bitcast(x, to), { title: to, smooth: false }),
    ),
  ),
  stopGradient: [sample([floats([2, 3])], (x) => p.stopGradient(x), { smooth: false })],
  literal: all.map((d) => sample([], () => p.literal(1, d), { title: d })),
  iota: [
    ...numbers.map((d) => sample([], () => p.iota(d, [3, 5], 1), { title: d })),
    sample([], () => p.iota('int32', [4, 2], 0)),
    sample([], () => p.iota('int32', [0], 0)),
  ],
  reshape: (
    [
      [[2, 3], [6]],
      [
        [2, 3],
        [3, 2],
      ],
      [
        [4, 3, 5],
        [2, 30],
      ],
      [[6], [1, 2, 1, 3]],
      [[1], []],
      [[], [1, 1]],
      [
        [0, 3],
        [5, 0],
      ],
    ] as const
  ).map(([from, to]) => sample([floats(from)], (x) => p.reshape(x, to), { title: `to ${to}` })),
  transpose: [
    sample([floats([2, 3])], (x) => p.transpose(x, [1, 0])),
    sample([floats([2, 3, 5])], (x) => p.transpose(x, [2, 0, 1])),
    sample([booleans([1, 3, 2])], (x) => p.transpose(x, [2, 1, 0])),
    sample([floats([0, 3])], (x) => p.transpose(x, [1, 0])),
    sample([floats([])], (x) => p.transpose(x, [])),
  ],
  broadcastInDim: (
    [
      [[3], [2, 3], [1]],
      [[3], [3, 2], [0]],
      [
        [1, 3],
        [4, 3],
        [0, 1],
      ],
      [
        [2, 1],
        [2, 4, 3],
        [0, 2],
      ],
      [[], [2, 2], []],
      [[1], [0], [0]],
      [
        [1, 1],
        [1, 5],
        [0, 1],
      ],
    ] as const
  ).map(([from, to, axes]) =>
    sample([floats(from)], (x) => p.broadcastInDim(x, to, axes), { title: `${to} at ${axes}` }),
  ),
  slice: [
    sample([floats([5, 4])], (x) => p.slice(x, [1, 0], [4, 3])),
    sample([floats([11])], (x) => p.slice(x, [1], [10], [3]), { title: 'every third' }),
    sample([floats([7, 6])], (x) => p.slice(x, [0, 5], [7, 6], [2, 4]), { title: 'strided' }),
    sample([floats([5])], (x) => p.slice(x, [2], [2]), { title: 'empty' }),
    sample([booleans([5])], (x) => p.slice(x, [2], [4])),
    sample([floats([])], (x) => p.slice(x, [], []), { title: 'scalar' }),
  ],
  pad: [
    ...pads,
    sample([integers([3], 0, 9), scalar(-1, 'int32')], (x, v) => p.pad(x, v, [1], [2], [1])),
  ],
  concatenate: [
    sample([floats([2, 3]), floats([1, 3])], (x, y) => p.concatenate([x, y], 0)),
    sample([floats([2, 3]), floats([2, 0]), floats([2, 1])], (x, y, z) =>
      p.concatenate([x, y, z], 1),
    ),
    sample([floats([0])], (x) => p.concatenate([x, x], 0)),
    sample([booleans([2]), booleans([3])], (x, y) => p.concatenate([x, y], 0)),
    sample([floats([1]), floats([1]), floats([1]), floats([1])], (...xs) => p.concatenate(xs, 0)),
  ],
  reverse: [
    sample([floats([5])], (x) => p.reverse(x, [0])),
    sample([floats([2, 3, 4])], (x) => p.reverse(x, [0, 2])),
    sample([floats([0, 2])], (x) => p.reverse(x, [0])),
    sample([booleans([1, 3])], (x) => p.reverse(x, [1, 0])),
  ],
  reduceSum: reduction(p.reduceSum, numbers),
  reduceProd: [
    ...reduction(p.reduceProd, numbers),
    sample(
      [given([3, 4], 'float32', [1, 0, 2, 3, 0, 5, 0, 1, 2, 3, 4, 5])],
      (x) => p.reduceProd(x, [1]),
      {
        title: 'zeros',
      },
    ),
  ],
  reduceMax: reduction(p.reduceMax, all, true),
  reduceMin: reduction(p.reduceMin, all, true),
  reduceAnd: reduction(p.reduceAnd, bitwise),
  reduceOr: reduction(p.reduceOr, bitwise),
  argmax: argument(p.argmax),
  argmin: argument(p.argmin),
  dotGeneral: [
    dot([2, 3], [3, 4], { lhsContract: [1], rhsContract: [0] }),
    dot([7, 13], [5, 13], { lhsContract: [1], rhsContract: [1] }),
    dot([3, 2, 4], [3, 5, 4], { lhsContract: [2], rhsContract: [2], lhsBatch: [0], rhsBatch: [0] }),
    dot([2, 3, 4], [4, 5, 2], { lhsContract: [2], rhsContract: [0], lhsBatch: [0], rhsBatch: [2] }),
    dot([2, 3, 4], [4, 2, 5], { lhsContract: [0, 2], rhsContract: [1, 0] }),
    dot([4], [4], { lhsContract: [0], rhsContract: [0] }),
    dot([2], [3], {}),
    dot([3, 1], [1, 2], { lhsContract: [1], rhsContract: [0] }),
    dot([3, 0], [0, 2], { lhsContract: [1], rhsContract: [0] }),
    dot([0, 3], [3, 2], { lhsContract: [1], rhsContract: [0] }),
    dot([3, 4], [4, 2], { lhsContract: [1], rhsContract: [0] }, 'int32'),
    dot([3, 4], [4, 2], { lhsContract: [1], rhsContract: [0] }, 'uint32'),
  ],
  gather: gathers,
  scatter: [
    ...scatters,
    sample(
      [
        given([3], 'float32', [0, 2, 3]),
        given([3, 1], 'int32', [0, 1, 1]),
        given([3], 'float32', [4, 0, 5]),
      ],
      (x, i, y) => p.scatter(x, i, y, { ...putRows('mul', 'drop'), updateWindowDims: [] }),
      // The first derivative holds at zeros; only it is checked.
      { title: 'product with zeros', smooth: false },
    ),
  ],
  dynamicSlice: [
    sample([floats([5, 4]), ...starts(1, 2)], (x, ...at) => p.dynamicSlice(x, at, [2, 2])),
    sample([floats([5, 4]), ...starts(-3, 9)], (x, ...at) => p.dynamicSlice(x, at, [3, 1]), {
      title: 'moved inside',
    }),
    sample([integers([7], 0, 9), ...starts(3)], (x, ...at) => p.dynamicSlice(x, at, [7])),
    sample([floats([7]), ...starts(3)], (x, ...at) => p.dynamicSlice(x, at, [0])),
    sample([floats([])], (x) => p.dynamicSlice(x, [], [])),
  ],
  dynamicUpdateSlice: [
    sample([floats([5, 4]), floats([2, 2]), ...starts(1, 2)], (x, y, ...at) =>
      p.dynamicUpdateSlice(x, y, at),
    ),
    sample(
      [floats([5, 4]), floats([3, 1]), ...starts(-3, 9)],
      (x, y, ...at) => p.dynamicUpdateSlice(x, y, at),
      { title: 'moved inside' },
    ),
    sample([floats([3]), floats([3]), ...starts(1)], (x, y, ...at) =>
      p.dynamicUpdateSlice(x, y, at),
    ),
    sample([floats([3]), floats([0]), ...starts(1)], (x, y, ...at) =>
      p.dynamicUpdateSlice(x, y, at),
    ),
    sample([floats([]), floats([])], (x, y) => p.dynamicUpdateSlice(x, y, [])),
    sample([booleans([4]), booleans([2]), ...starts(1)], (x, y, ...at) =>
      p.dynamicUpdateSlice(x, y, at),
    ),
  ],
  cumsum: [
    ...[false, true].flatMap((reverse) => [
      sample([floats([7])], (x) => p.cumsum(x, 0, reverse), { title: `reverse ${reverse}` }),
      sample([floats([3, 5])], (x) => p.cumsum(x, 1, reverse)),
      sample([floats([3, 5, 2])], (x) => p.cumsum(x, 1, reverse)),
      sample([integers([4, 3], -9, 9)], (x) => p.cumsum(x, 0, reverse)),
    ]),
    sample([special('uint32')], (x) => p.cumsum(x, 0), { title: 'special' }),
    sample([floats([1, 3])], (x) => p.cumsum(x, 0)),
    sample([floats([0, 3])], (x) => p.cumsum(x, 0)),
  ],
  sort: [
    ...all.flatMap((d) => [...sorts([5, 4], 0, d), ...sorts([3, 13], 1, d)]),
    ...all.map((d) =>
      sample([special(d)], (x) => p.sort([x], 0), { title: 'special', smooth: false }),
    ),
    ...sorts([1, 3], 0, 'float32'),
    ...sorts([0, 3], 0, 'float32'),
    sample([integers([2, 300], 0, 20), floats([2, 300])], (x, y) => p.sort([x, y], 1), {
      title: 'merged',
      smooth: false,
    }),
    sample([floats([700])], (x) => p.sort([x], 0), { title: 'merged twice', smooth: false }),
  ],
  threefry2x32: shapes.map((s) =>
    sample(
      range(4).map(() => integers(s, 0, 2 ** 32 - 1, 'uint32')),
      (k0, k1, x0, x1) => p.threefry2x32(k0, k1, x0, x1),
      { title: `${sizeOf(s)}` },
    ),
  ),
  cholesky: [
    [3, 3],
    [2, 4, 4],
    [1, 1],
  ].map((s) => sample([floats(s)], (x) => p.cholesky(definite(x)))),
  triangularSolve: [false, true].flatMap((lower) =>
    [false, true].flatMap((transposeA) => [
      sample(
        [floats([3, 3], 1, 2), floats([3, 2])],
        (a, b) => p.triangularSolve(a, b, { lower, transposeA }),
        { title: `lower ${lower} transposed ${transposeA}` },
      ),
      sample(
        [floats([2, 4, 4]), floats([2, 4, 1])],
        (a, b) => p.triangularSolve(a, b, { lower, transposeA, unitDiagonal: true }),
        { title: `unit lower ${lower} transposed ${transposeA}` },
      ),
    ]),
  ),
  lu: [
    [3, 3],
    [2, 4, 4],
    [4, 2],
    [2, 4],
    [1, 1],
  ].map((s) => sample([floats(s)], (x) => p.lu(x))),
  qr: [
    ...[
      [3, 3],
      [2, 4, 2],
      [1, 1],
    ].map((s) => sample([floats(s)], (x) => p.qr(x))),
    sample([floats([4, 2])], (x) => p.qr(x, { full: true }), { title: 'full', smooth: false }),
    sample([floats([2, 4])], (x) => p.qr(x), { smooth: false }),
  ],
  eigh: [
    [3, 3],
    [2, 4, 4],
    [1, 1],
  ].map((s) => sample([floats(s)], (x) => p.eigh(symmetric(x)))),
  svd: [
    [3, 3],
    [2, 4, 2],
    [1, 1],
  ].map((s) => sample([floats(s)], (x) => p.svd(x))),
  cumprod: cumulative(p.cumprod),
  cummax: cumulative(p.cummax),
  cummin: cumulative(p.cummin),
  unfold: [
    sample([floats([7])], (x) => p.unfold(x, 0, { size: 3 })),
    sample([floats([2, 9, 3])], (x) => p.unfold(x, 1, { size: 3, stride: 2, dilation: 2 })),
    sample([floats([2])], (x) => p.unfold(x, 0, { size: 3 })),
    sample([floats([3, 6])], (x) => p.unfold(x, 1, { size: 2, stride: 3 })),
    sample([integers([5], 0, 9)], (x) => p.unfold(x, 0, { size: 5 })),
  ],
  foldWindows: [
    sample([floats([5, 3])], (x) => p.foldWindows(x, 0, 7, { size: 3 })),
    sample([floats([2, 3, 3, 2])], (x) =>
      p.foldWindows(x, 1, 9, { size: 3, stride: 2, dilation: 2 }),
    ),
    sample([floats([3, 2, 2])], (x) => p.foldWindows(x, 1, 6, { size: 2, stride: 3 })),
    sample([integers([1, 5], 0, 9)], (x) => p.foldWindows(x, 0, 5, { size: 5 })),
  ],
  convolution: convolutions(),
};
