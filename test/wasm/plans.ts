/** Small plans written by hand. */
import type { Kernel, LoopKernel } from '../../core/compile/kernel.ts';
import type { Plan } from '../../core/compile/plan.ts';
import {
  axisIndex,
  constant,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
} from '../../core/ir/expr.ts';

const aval = (length: number) => ({ shape: [length], dtype: 'float32' as const, weak: false });

/** A plan of one float32 kernel whose last buffer is the result. */
export function planOf(kernel: Kernel, aliases: ReadonlyMap<number, number> = new Map()): Plan {
  const sources = kernel.buffers.map((buffer) => buffer.source);
  const inputs = sources.slice(0, -1);
  return {
    inputs: inputs.map((source) => aval(source.length)),
    outputs: sources.slice(-1).map((source) => aval(source.length)),
    steps: [
      {
        kernel,
        slots: [
          ...inputs.map((source, index) => ({
            kind: 'input' as const,
            index,
            bytes: source.length * 4,
          })),
          { kind: 'output', index: 0, bytes: (sources[sources.length - 1]?.length ?? 0) * 4 },
        ],
        site: null,
      },
    ],
    arenaBytes: 0,
    aliases,
  };
}

/** out[i] = change(x[i]). */
export function elementwise(length: number, change: (x: Expr) => Expr): LoopKernel {
  const axis = makeAxis(length);
  const [x, out] = [makeSource('float32', length), makeSource('float32', length)];
  return {
    kind: 'loop',
    name: 'elementwise',
    buffers: [
      { source: x, access: 'read' },
      { source: out, access: 'write' },
    ],
    parallel: [axis],
    stores: [
      {
        target: out,
        index: axisIndex(axis),
        value: change(load(x, axisIndex(axis))),
        mode: 'set',
        guard: null,
        serial: [],
      },
    ],
  };
}

/** x + 1. */
export const plusOne = (x: Expr): Expr => op('add', [x, constant(1, 'float32')]);

/** (x + 1) + 1 in two kernels, with the middle in the arena. */
export function twoSteps(length: number): Plan {
  const [first, second] = [elementwise(length, plusOne), elementwise(length, plusOne)];
  const middle = { kind: 'arena' as const, offset: 64, bytes: length * 4 };
  return {
    inputs: [aval(length)],
    outputs: [aval(length)],
    steps: [
      {
        kernel: first,
        slots: [{ kind: 'input', index: 0, bytes: length * 4 }, middle],
        site: null,
      },
      {
        kernel: second,
        slots: [middle, { kind: 'output', index: 0, bytes: length * 4 }],
        site: null,
      },
    ],
    arenaBytes: 64 + length * 4,
    aliases: new Map(),
  };
}
