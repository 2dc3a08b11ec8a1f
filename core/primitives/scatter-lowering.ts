/** Scatter as steps: the updates are written over the operand, in order where they may collide. */
import { type Aval, sizeOf } from '../base/aval.ts';
import type { Expr } from '../ir/expr.ts';
import type { StepsLowering } from '../ir/lowering.ts';
import { nth, sizesOf, triple } from './define.ts';
import { allOf } from './index-maps.ts';
import { placeOf, type ScatterSpec, scatterWindows, type Windows } from './window-dims.ts';

/**
 * The axes of the updates along which no two updates meet: batch axes, and window axes along which windows
 * do not move. If a batch has one window only, nothing collides.
 */
function independentAxes(windows: Windows, operand: Aval, updates: Aval): number[] {
  const batch = windows.indicesBatching.map((axis) => nth(windows.positionAxes, axis));
  const positions = windows.positionAxes.filter((axis) => !batch.includes(axis));
  const single = sizeOf(sizesOf(updates.shape, positions)) <= 1;
  const fixed = windows.windowAxes.filter((_, i) => {
    const axis = nth(windows.operandAxes, i);
    // A window as long as the operand has one place only.
    const moves = windows.indexed.includes(axis) && windows.sizes[axis] !== operand.shape[axis];
    return single || !moves;
  });
  return [...batch, ...fixed].toSorted((a, b) => a - b);
}

/** The steps of a scatter. */
export const scatterLowering = (avals: readonly Aval[], spec: ScatterSpec): StepsLowering => ({
  kind: 'steps',
  startsFrom: 0,
  build: ({ operands, outputs, step }) => {
    const [operand, , updates] = triple(avals);
    const [, indices, news] = triple(operands);
    const to = nth(outputs, 0);
    if (sizeOf(updates.shape) === 0) return;
    const windows = scatterWindows(spec, operand, updates);
    const parallelAxes = independentAxes(windows, operand, updates);
    // Windows in the order of their index vectors: the last one that writes an element wins.
    const serialAxes = [...windows.positionAxes, ...windows.windowAxes].filter(
      (axis) => !parallelAxes.includes(axis),
    );
    step({
      parallel: sizesOf(updates.shape, parallelAxes),
      serial: sizesOf(updates.shape, serialAxes),
      stores: (parallel, serial) => {
        const at = updates.shape.map((_, axis): Expr => {
          const place = parallelAxes.indexOf(axis);
          return place >= 0 ? nth(parallel, place) : nth(serial, serialAxes.indexOf(axis));
        });
        const { index, inside } = placeOf(windows, operand, indices.at, at);
        const store = { to, index, value: news.at(at), mode: spec.combine };
        return [
          spec.mode === 'drop' && inside.length > 0 ? { ...store, guard: allOf(inside) } : store,
        ];
      },
    });
  },
});
