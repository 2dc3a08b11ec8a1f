/** Loop nests → WGSL: an invocation, or a whole workgroup, per iteration of the parallel axes. */

import { invariant } from '../../base/errors.ts';
import type { KernelStore, LoopKernel } from '../../compile/kernel.ts';
import { type Statement, structure } from '../../compile/structure.ts';
import { type Axis, type LoadExpr, walk } from '../../ir/expr.ts';
import { strideAlong } from '../../ir/index-algebra.ts';
import { BodyWriter } from './body-writer.ts';
import {
  collapseAxes,
  findFours,
  widenParallel,
  widenReductions,
  widenSerial,
} from './by-fours.ts';
import { cooperate } from './cooperation.ts';
import { flatWorkgroup, foldGrid, type Grid } from './grid.ts';
import type { ModuleWriter } from './module-writer.ts';
import { packStores } from './pack-stores.ts';
import type { LoopParameters } from './parameters.ts';

/** Who runs one iteration of the parallel axes. */
export type LoopStyle = 'invocation' | 'workgroup';

const extentOf = (axes: readonly Axis[]): number =>
  axes.reduce((product, { extent }) => product * extent, 1);

/** The functions of a loop kernel's shader, and its grid. */
export function emitLoop(
  given: LoopKernel,
  module: ModuleWriter,
  parameters: LoopParameters,
  forced: LoopStyle | null,
): { readonly functions: string; readonly grid: Grid } {
  invariant(!given.locals?.length, 'arrays of one invocation are not for GPUs');
  const packed = packStores(given);
  const style = styleOf(packed, parameters, forced);
  const isShared = style === 'workgroup';
  const kernel = widen(collapseAxes(packed), isShared, parameters);
  const { parallel, stores } = kernel;
  module.bindByFours(findFours(kernel));
  const cooperation = isShared ? cooperate(module, parameters) : null;
  const zero = parameters.hidesTripCounts ? 'zero' : '0i';
  const body = new BodyWriter(module, { cooperation, zero });
  // The grid has no third dimension, which the driver does not know.
  if (zero === 'zero') body.line('let zero = i32(workgroup.z);');
  const iterations = { total: extentOf(parallel), isShared };
  const { lanes, grid } = forEach(iterations, parameters, body, () => {
    bindParallel(parallel, body);
    body.statements(structure(parallel, stores));
  });
  const inputs = [
    '@builtin(workgroup_id) workgroup: vec3u',
    ...(body.lines.some((line) => line.includes('workgroups.x')) ? [numberOfWorkgroups] : []),
    '@builtin(local_invocation_index) lane: u32',
    ...(cooperation?.builtins ?? []),
  ];
  const head = [`@compute @workgroup_size(${lanes})`, `fn main(${inputs.join(', ')}) {`];
  return { functions: [...head, ...body.lines, '}'].join('\n'), grid };
}

const numberOfWorkgroups = '@builtin(num_workgroups) workgroups: vec3u';

interface Launch {
  /** Invocations of a workgroup. */
  readonly lanes: number;
  readonly grid: Grid;
}

/** Writes `write` for each iteration, whose number is `flat`. */
function forEach(
  { total, isShared }: { readonly total: number; readonly isShared: boolean },
  { lanes: ownLanes, sharedLanes, maxWorkgroups }: LoopParameters,
  body: BodyWriter,
  write: () => void,
): Launch {
  const lanes = isShared ? sharedLanes : ownLanes;
  const perGroup = isShared ? 1 : lanes;
  const groups = Math.ceil(total / perGroup);
  if (maxWorkgroups === null || groups <= maxWorkgroups) {
    const grid = foldGrid(groups);
    const number = flatWorkgroup(grid);
    body.line(`let flat = i32(${isShared ? number : `${number} * ${lanes}u + lane`});`);
    if (grid[0] * grid[1] * perGroup > total) body.line(`if (flat >= ${total}i) { return; }`);
    write();
    return { lanes, grid };
  }
  // By the number of workgroups that are there, which the driver does not know: it would unroll the loop.
  body.line(
    `let share = (${groups}i + i32(workgroups.x) - 1i) / i32(workgroups.x) * ${perGroup}i;`,
  );
  body.line('let first = i32(workgroup.x) * share;');
  body.line(`let last = min(first + share, ${total}i);`);
  const [start, step] = isShared ? ['first', 1] : ['first + i32(lane)', lanes];
  body.block(`for (var flat = ${start}; flat < last; flat += ${step}i)`, write);
  return { lanes, grid: [maxWorkgroups, 1] };
}

/** The kernel with what lies side by side in memory done by fours, where there is enough of it. */
function widen(
  kernel: LoopKernel,
  isShared: boolean,
  { maxWideNodes, minWideIterations, minWideElements }: LoopParameters,
): LoopKernel {
  if (maxWideNodes === 0) return kernel;
  if (isShared) return widenSerial(widenReductions(kernel, maxWideNodes), maxWideNodes);
  const iterations = extentOf(kernel.parallel);
  const turns = walk(kernel.stores.map(({ value }) => value)).map((node) =>
    node.kind === 'reduce' ? node.axis.extent : 1,
  );
  const isLong =
    iterations >= minWideIterations && iterations * Math.max(1, ...turns) >= minWideElements;
  const wide = isLong ? widenParallel(kernel, maxWideNodes) : kernel;
  return widenReductions(wide, maxWideNodes);
}

function styleOf(
  kernel: LoopKernel,
  parameters: LoopParameters,
  forced: LoopStyle | null,
): LoopStyle {
  const statements = structure(kernel.parallel, kernel.stores);
  if (!canShare(kernel, statements)) return 'invocation';
  return forced ?? chooseStyle(kernel, statements, parameters);
}

/** Names the position on each parallel axis; the last one runs fastest, along memory. */
function bindParallel(parallel: readonly Axis[], body: BodyWriter): void {
  let stride = extentOf(parallel);
  for (const [i, axis] of parallel.entries()) {
    const { extent } = axis;
    stride /= Math.max(1, extent);
    const quotient = stride === 1 ? 'flat' : `flat / ${stride}i`;
    const position = i === 0 ? quotient : `${quotient} % ${extent}i`;
    body.line(`let i${i} = ${extent === 1 ? '0i' : position};`);
    body.bindAxis(axis, `i${i}`);
  }
}

/** True if lanes can share the outermost loops: reductions, and writes of which each has a place of its own. */
function canShare({ buffers, stores }: LoopKernel, statements: readonly Statement[]): boolean {
  const isWrittenOnly = (store: KernelStore): boolean =>
    buffers.some(({ source, access }) => source === store.target && access === 'write');
  return (
    statements.some((s) => s.kind === 'loop') &&
    statements.every((s) => s.kind !== 'loop' || s.running.length === 0) &&
    stores.every((store) => store.serial.length === 0 || (isWrittenOnly(store) && isSpread(store)))
  );
}

/** True if every turn of a store's loops writes to another place. */
function isSpread({ index, serial, mode, guard }: KernelStore): boolean {
  if (mode !== 'set' || guard !== null) return false;
  let covered = 1;
  for (const axis of serial.toReversed()) {
    if (axis.extent === 1) continue;
    const stride = strideAlong(index, axis);
    if (stride === null || Math.abs(stride) < covered) return false;
    covered = Math.abs(stride) * axis.extent;
  }
  return true;
}

/** Neighbouring lanes should touch neighbouring memory, and there must be lanes enough. */
function chooseStyle(
  { parallel }: LoopKernel,
  statements: readonly Statement[],
  { shortReduction, fewIterations }: LoopParameters,
): LoopStyle {
  const loops = statements.filter((s) => s.kind === 'loop');
  const longest = Math.max(0, ...loops.map(({ axis }) => axis.extent));
  if (longest < shortReduction) return 'invocation';
  if (extentOf(parallel) < fewIterations) return 'workgroup';
  const innermost = parallel.findLast(({ extent }) => extent > 1);
  for (const { axis, accumulators } of loops) {
    const loads = walk(accumulators.map(({ value }) => value)).filter(
      (node): node is LoadExpr => node.kind === 'load' && node.index.deps.has(axis),
    );
    const isAlongLoop = loads.some(({ index }) => strideAlong(index, axis) === 1);
    const isAlongRows = loads.every(
      ({ index }) =>
        innermost === undefined || [0, 1].includes(strideAlong(index, innermost) ?? -1),
    );
    if (isAlongLoop && !isAlongRows) return 'workgroup';
  }
  return 'invocation';
}
