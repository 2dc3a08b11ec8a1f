/** Sums, maxima and the positions of maxima: of everything, of rows, of columns. */
import type { Case } from '../case.ts';
import { normal } from '../inputs.ts';

type Operation = 'sum' | 'max' | 'argmax';

interface Extent {
  readonly name: string;
  readonly shape: readonly number[];
  /** The axis that goes. */
  readonly axis: number;
}

const onnxNames = { sum: 'ReduceSum', max: 'ReduceMax', argmax: 'ArgMax' } as const;

function reduction(operation: Operation, { name, shape, axis }: Extent): Case {
  return {
    name: `${operation}, ${name}`,
    group: 'reduce',
    // Some libraries add one after the other, and lose digits.
    tolerance: 1e-2,
    inputs: [normal(shape)],
    bytes: 4 * shape.reduce((a, b) => a * b, 1),
    enerjax:
      ({ np }) =>
      (x) =>
        np[operation](x, { axis }),
    jaxJs:
      ({ numpy }) =>
      (x) =>
        operation === 'argmax' ? numpy.argmax(x, axis) : x[operation](axis),
    tfjs: (tf) => (x) => tf[operation === 'argmax' ? 'argMax' : operation](x, axis),
    onnx: (graph) => (x) =>
      operation === 'argmax'
        ? graph.op('ArgMax', [x], { axis, keepdims: 0 })
        : graph.op(onnxNames[operation], [x, graph.integers([axis])], { keepdims: 0 }),
    xla: `lambda x: jnp.${operation}(x, axis=${axis})`,
  };
}

const extents: readonly Extent[] = [
  { name: '4M', shape: [4 * 2 ** 20], axis: 0 },
  { name: 'rows [2048, 2048]', shape: [2048, 2048], axis: 1 },
  { name: 'columns [2048, 2048]', shape: [2048, 2048], axis: 0 },
];

/** Reductions. */
export const reduceCases: readonly Case[] = (['sum', 'max', 'argmax'] as const).flatMap(
  (operation) => extents.map((extent) => reduction(operation, extent)),
);
