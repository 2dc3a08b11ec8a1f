/** Reading and writing slices at computed positions: adjoints of each other. */
import type { Aval } from '../base/aval.ts';
import { type DType, isFloat } from '../base/dtype.ts';
import { constant } from '../ir/expr.ts';
import { definePrimitive, isHole, known, type PrimitiveOf, type Tangent } from '../ir/primitive.ts';
import { bindOne } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';
import { full, lifted, written, zeros } from './broadcast.ts';
import { first, nth, pair, shifted, triple, withRecord } from './define.ts';
import { add, div, mul } from './elementwise/arithmetic.ts';
import { select } from './elementwise/choose.ts';
import { eq } from './elementwise/compare.ts';
import { iota } from './generate.ts';
import { guarded } from './index-maps.ts';
import { reshape } from './movement.ts';
import { scatterLowering } from './scatter-lowering.ts';
import {
  type GatherSpec,
  gatherLike,
  gatherWindows,
  inferGather,
  inferScatter,
  placeOf,
  type ScatterSpec,
  scatterLike,
} from './window-dims.ts';

export type { GatherSpec, ScatterSpec } from './window-dims.ts';

/** What `fill` reads outside of the operand. */
const fillValues: Readonly<Record<DType, number>> = {
  float32: NaN,
  float16: NaN,
  bfloat16: NaN,
  int32: -0x80000000,
  uint32: 0xffffffff,
  int16: -0x8000,
  uint16: 0xffff,
  int8: -0x80,
  uint8: 0xff,
  bool: 1,
};

/** The dimension numbers once the operand, the indices or both have a leading batch axis. */
function batchGather(
  spec: GatherSpec,
  operand: boolean,
  indices: boolean,
  size: number,
): GatherSpec {
  const both = operand && indices;
  const onOperand = (axes: readonly number[]): number[] => (operand ? shifted(axes) : [...axes]);
  const ofIndices = indices ? shifted(spec.indicesBatchingDims) : spec.indicesBatchingDims;
  return {
    // An operand that alone is batched is taken whole along its batch axis.
    offsetDims: [...(operand && !indices ? [0] : []), ...shifted(spec.offsetDims)],
    collapsedSliceDims: onOperand(spec.collapsedSliceDims),
    startIndexMap: onOperand(spec.startIndexMap),
    operandBatchingDims: [...(both ? [0] : []), ...onOperand(spec.operandBatchingDims)],
    indicesBatchingDims: [...(both ? [0] : []), ...ofIndices],
    sliceSizes: [...(both ? [1] : operand ? [size] : []), ...spec.sliceSizes],
    mode: spec.mode,
  };
}

const gatherPrimitive: PrimitiveOf<GatherSpec> = definePrimitive({
  name: 'gather',
  infer: (avals, spec) => [inferGather(avals, spec)],
  jvp: (primals, tangents, spec) => {
    const [operand, indices] = pair(primals);
    const [dOperand] = pair(tangents);
    if (dOperand === null || !isFloat(operand.dtype)) return [null];
    // The value that fills is a constant: its tangent is zero.
    const mode = spec.mode === 'fill' ? 'zero' : spec.mode;
    return [gather(dOperand, indices, { ...spec, mode })];
  },
  transpose: ([ct], operands, spec) => {
    const [operand, indices] = pair(operands);
    const positions = known(indices);
    if (!ct || !isHole(operand) || positions === null) return [null, null];
    return [scatter(zeros(operand.aval), positions, ct, scatterLike(spec)), null];
  },
  batch: (operands, batched, spec, size) => {
    const [operand, indices] = pair(operands);
    const [isBatchedOperand, isBatchedIndices] = pair(batched);
    return [gather(operand, indices, batchGather(spec, isBatchedOperand, isBatchedIndices, size))];
  },
  lower: (avals, spec, outputs) => ({
    kind: 'map',
    values: (readers) => [
      (index) => {
        const [read, readIndices] = pair(readers);
        const operand = first(avals);
        const windows = gatherWindows(spec, operand.shape.length, first(outputs).shape.length);
        const place = placeOf(windows, operand, readIndices, index);
        const element = read(place.index);
        if (spec.mode === 'clip') return element;
        const filler = spec.mode === 'fill' ? fillValues[operand.dtype] : 0;
        return guarded(place.inside, element, constant(filler, operand.dtype));
      },
    ],
  }),
});

/**
 * Slices of `operand` at the positions in `indices`.
 *
 * @param indices - int32[…, components]: the starts of slices along the axes `startIndexMap`.
 * @returns The slices; axes `offsetDims` run inside of a slice, the others over the index vectors.
 * @throws `bad-dimension-numbers`
 * @see https://openxla.org/stablehlo/spec#gather
 */
export const gather = withRecord(
  gatherPrimitive,
  (operand: Value, indices: Value, spec: GatherSpec): Value =>
    bindOne(gatherPrimitive, [operand, indices], { ...spec }),
);

/** Which update an element of the result came from, when later updates replace earlier ones. */
interface Winners {
  /** bool[…updates]: the update is in the result. */
  readonly updates: Value;
  /** bool[…operand]: no update replaced this element. */
  readonly kept: Value;
}

/** Numbers the updates from 1, scatters the numbers, and looks which are still there. */
function winnersOf(operand: Aval, indices: Value, updates: Aval, spec: ScatterSpec): Winners {
  const numbering = { shape: operand.shape, dtype: 'int32' } as const;
  const count = updates.shape.reduce((product, size) => product * size, 1);
  const one = full(1, { shape: [count], dtype: 'int32' });
  const numbers = reshape(add(iota('int32', [count], 0), one), updates.shape);
  const written = scatter(zeros(numbering), indices, numbers, { ...spec, combine: 'set' });
  const readBack = gather(written, indices, gatherLike(spec, operand, updates));
  return { updates: eq(readBack, numbers), kept: eq(written, zeros(numbering)) };
}

/** `x` where the mask holds, else 0. */
const masked = (mask: Value, x: Value): Value => select(mask, x, zeros(x));

type Tangents = { readonly operand: Value; readonly updates: Value };

/** A scatter's operands; each rule below gives the tangent of one way to combine. */
interface Scattered {
  readonly operand: Value;
  readonly indices: Value;
  readonly updates: Value;
  readonly result: Value;
  readonly spec: ScatterSpec;
}

/** Updates that were replaced have no say, nor has the operand where an update stands. */
function tangentOfSet({ operand, indices, updates, spec }: Scattered, d: Tangents): Value {
  const winners = winnersOf(operand.aval, indices, updates.aval, spec);
  const kept = masked(winners.kept, d.operand);
  const placed = masked(winners.updates, d.updates);
  return scatter(kept, indices, placed, { ...spec, combine: 'add' });
}

/** Candidates that tie for the extreme share its tangent evenly, as in reduceMax. */
function tangentOfExtreme(s: Scattered, d: Tangents): Value {
  const { operand, indices, updates, result, spec } = s;
  const adding = { ...spec, combine: 'add' } as const;
  const reached = gather(result, indices, gatherLike(spec, operand.aval, updates.aval));
  const [ofOperand, ofUpdates] = [eq(operand, result), eq(updates, reached)];
  const count = scatter(
    masked(ofOperand, full(1, operand)),
    indices,
    masked(ofUpdates, full(1, updates)),
    adding,
  );
  const total = scatter(
    masked(ofOperand, d.operand),
    indices,
    masked(ofUpdates, d.updates),
    adding,
  );
  return div(total, count);
}

/**
 * Each factor's tangent times all other factors of its element: the product of the factors that are not
 * zero, divided by the factor itself, unless another factor is zero.
 */
function tangentOfProduct(s: Scattered, d: Tangents): Value {
  const { operand, indices, updates, spec } = s;
  const adding = { ...spec, combine: 'add' } as const;
  const isZero = (x: Value): Value => eq(x, zeros(x));
  const nonZero = (x: Value): Value => select(isZero(x), full(1, x), x);
  const zeroCount = (x: Value): Value => masked(isZero(x), full(1, x));
  const product = scatter(nonZero(operand), indices, nonZero(updates), spec);
  const zeroFactors = scatter(zeroCount(operand), indices, zeroCount(updates), adding);
  const reading = gatherLike(spec, operand.aval, updates.aval);
  const part = (x: Value, dx: Value, all: Value, zeroes: Value): Value => {
    const others = div(all, nonZero(x));
    return masked(eq(zeroes, zeroCount(x)), mul(dx, others));
  };
  return scatter(
    part(operand, d.operand, product, zeroFactors),
    indices,
    part(
      updates,
      d.updates,
      gather(product, indices, reading),
      gather(zeroFactors, indices, reading),
    ),
    adding,
  );
}

const tangentRules: Readonly<Record<ScatterSpec['combine'], (s: Scattered, d: Tangents) => Value>> =
  {
    set: tangentOfSet,
    add: ({ indices, spec }, d) => scatter(d.operand, indices, d.updates, spec),
    mul: tangentOfProduct,
    min: tangentOfExtreme,
    max: tangentOfExtreme,
  };

const scatterPrimitive: PrimitiveOf<ScatterSpec> = definePrimitive({
  name: 'scatter',
  infer: (avals, spec) => [inferScatter(avals, spec)],
  jvp: (primals, tangents, spec, outputs) => {
    const [operand, indices, updates] = triple(primals);
    const [dOperand, , dUpdates] = triple(tangents);
    if (!isFloat(operand.dtype) || (dOperand === null && dUpdates === null)) return [null];
    const rule = tangentRules[spec.combine];
    return [
      rule(
        { operand, indices, updates, result: first(outputs), spec },
        { operand: written(dOperand, operand.aval), updates: written(dUpdates, updates.aval) },
      ),
    ];
  },
  transpose: ([ct], operands, spec) => {
    const [operand, indices, updates] = triple(operands);
    const positions = known(indices);
    if (!ct || positions === null) return [null, null, null];
    const readBack = (): Value =>
      gather(ct, positions, gatherLike(spec, operand.aval, updates.aval));
    const winners =
      spec.combine === 'set' ? winnersOf(operand.aval, positions, updates.aval, spec) : null;
    const toOperand = (): Tangent => {
      if (winners !== null) return masked(winners.kept, ct);
      const factors = known(updates);
      return spec.combine === 'mul' && factors !== null
        ? scatter(ct, positions, factors, spec)
        : ct;
    };
    const toUpdates = (): Value =>
      winners === null ? readBack() : masked(winners.updates, readBack());
    return [isHole(operand) ? toOperand() : null, null, isHole(updates) ? toUpdates() : null];
  },
  batch: (operands, batched, spec, size) => {
    const [operand, indices, updates] = triple(
      operands.map((x, i) => (i === 1 ? x : lifted(x, batched[i], size))),
    );
    const isBatched = nth(batched, 1);
    const { operandBatchingDims, indicesBatchingDims } = spec;
    return [
      scatter(operand, indices, updates, {
        ...spec,
        // Positions that all rows share: the window takes in the batch axis.
        updateWindowDims: [...(isBatched ? [] : [0]), ...shifted(spec.updateWindowDims)],
        insertedWindowDims: shifted(spec.insertedWindowDims),
        scatterDimsToOperandDims: shifted(spec.scatterDimsToOperandDims),
        operandBatchingDims: [...(isBatched ? [0] : []), ...shifted(operandBatchingDims)],
        indicesBatchingDims: isBatched ? [0, ...shifted(indicesBatchingDims)] : indicesBatchingDims,
      }),
    ];
  },
  lower: (avals, spec) => scatterLowering(avals, spec),
});

/**
 * `operand` with `updates` written at, or combined into, the positions in `indices`.
 *
 * @param indices - int32[…, components]: the starts of windows along `scatterDimsToOperandDims`.
 * @param updates - One window per index vector; axes `updateWindowDims` run inside of a window.
 * @throws `bad-dimension-numbers`, `dtype-mismatch`, `unsupported-dtype` for combined booleans.
 * @see https://openxla.org/stablehlo/spec#scatter
 */
export const scatter = withRecord(
  scatterPrimitive,
  (operand: Value, indices: Value, updates: Value, spec: ScatterSpec): Value =>
    bindOne(scatterPrimitive, [operand, indices, updates], { ...spec }),
);
