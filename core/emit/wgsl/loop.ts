/** Loop nests → WGSL: an invocation, or a whole workgroup, per iteration of the parallel axes. */
import type { ScalarType } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { LoopKernel } from '../../compile/kernel.ts';
import { type Statement, structure } from '../../compile/structure.ts';
import { type Axis, type Expr, type LoadExpr, walk } from '../../ir/expr.ts';
import type { ReduceOp } from '../../ir/scalar-ops.ts';
import { BodyWriter, type Cooperation } from './body-writer.ts';
import { flatWorkgroup, foldGrid, type Grid } from './grid.ts';
import type { ModuleWriter } from './module-writer.ts';
import { packStores } from './pack-stores.ts';
import { valueType } from './types.ts';

/** Who runs one iteration of the parallel axes. */
export type LoopStyle = 'invocation' | 'workgroup';

const lanes = 64;
/** Reductions shorter than this are not worth the barriers of a workgroup. */
const shortReduction = 32;
/** With fewer parallel iterations than this, a workgroup for each is the only way to fill a GPU. */
const fewIterations = 2048;

const extentOf = (axes: readonly Axis[]): number =>
  axes.reduce((product, { extent }) => product * extent, 1);

/** The functions of a loop kernel's shader, and its grid. */
export function emitLoop(
  kernel: LoopKernel,
  module: ModuleWriter,
  style: LoopStyle | null,
): { readonly functions: string; readonly grid: Grid } {
  invariant(!kernel.locals?.length, 'arrays of one invocation are not for GPUs');
  const { parallel, stores } = packStores(kernel);
  const statements = structure(parallel, stores);
  const total = extentOf(parallel);
  const isShared =
    canShare(stores, statements) && (style ?? chooseStyle(parallel, statements)) === 'workgroup';
  const grid = foldGrid(isShared ? total : Math.ceil(total / lanes));
  const body = new BodyWriter(module, isShared ? cooperate(module) : null);
  const flat = isShared ? flatWorkgroup(grid) : `${flatWorkgroup(grid)} * ${lanes}u + lane`;
  body.line(`let flat = i32(${flat});`);
  body.line(`if (flat >= ${total}i) { return; }`);
  bindParallel(parallel, body);
  body.statements(statements);
  const head = [
    `@compute @workgroup_size(${lanes})`,
    'fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {',
  ];
  return { functions: [...head, ...body.lines, '}'].join('\n'), grid };
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

/** True if the outermost loops are reductions that lanes can share. */
function canShare(stores: LoopKernel['stores'], statements: readonly Statement[]): boolean {
  return (
    stores.every(({ serial }) => serial.length === 0) &&
    statements.some((s) => s.kind === 'loop') &&
    statements.every((s) => s.kind !== 'loop' || s.running.length === 0)
  );
}

/** Steps in memory per step of `axis`, if the index is affine in it. */
function strideAlong(index: Expr, axis: Axis): number | null {
  if (!index.deps.has(axis)) return 0;
  if (index.kind === 'axis') return 1;
  if (index.kind !== 'affine') return null;
  let stride = 0;
  for (const { coefficient, atom } of index.terms) {
    if (atom.kind === 'axis' && atom.axis === axis) stride = coefficient;
    else if (atom.deps.has(axis)) return null;
  }
  return stride;
}

/** Neighbouring lanes should touch neighbouring memory, and there must be lanes enough. */
function chooseStyle(parallel: readonly Axis[], statements: readonly Statement[]): LoopStyle {
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

/** Lanes combine by halves in workgroup memory. */
function cooperate(module: ModuleWriter): Cooperation {
  const combine = (op: ReduceOp, dtype: ScalarType, value: string): string => {
    const type = valueType[dtype];
    const name = `share_${op}_${type}`;
    const scratch = `lanes_${type}`;
    const both = new BodyWriter(module).combine(
      op,
      dtype,
      `${scratch}[lane]`,
      `${scratch}[lane + half]`,
    );
    module.declare(`var<workgroup> ${scratch}: array<${type}, ${lanes}>;`);
    module.declare(`fn ${name}(lane: u32, value: ${type}) -> ${type} {
  workgroupBarrier();
  ${scratch}[lane] = value;
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half = half >> 1u) {
    if (lane < half) { ${scratch}[lane] = ${both}; }
    workgroupBarrier();
  }
  return ${scratch}[0];
}`);
    return `${name}(lane, ${value})`;
  };
  return { lanes, combine };
}
