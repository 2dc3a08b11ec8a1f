/**
 * The inner functions of matrix products, shared by all kernels: packing and the micro-kernel.
 *
 * The tile of 2 × 16 and the absence of unrolling along the sum are deliberate: its accumulators and
 * loads fit in 15 registers, which V8 needs in order not to spill.
 *
 * @see Goto, van de Geijn: Anatomy of high-performance matrix multiplication, TOMS 34 (2008).
 */

import { advance, assign, at, choose, countUp, signature } from './assembly.ts';
import { packLhs, packLhsPanel, packRhs, packRhsPanel } from './gemm-packing.ts';
import { FunctionBuilder, ModuleBuilder } from './module.ts';
import {
  branchIf,
  call,
  control,
  f32x4,
  i32,
  i32Const,
  localGet,
  localSet,
  localTee,
  v128Load,
  v128Load32Splat,
  v128Store,
} from './opcodes.ts';

/** Rows and columns that the micro-kernel computes at once. */
export const TILE_ROWS = 2;
export const TILE_COLUMNS = 16;

/**
 * The functions of the module, by name. All parameters are i32, strides in bytes.
 *
 * `packLhs_‹type›(to, from, rows, depth, rowStride, columnStride)` writes panels of 2 rows.
 * `packRhs_‹type›(to, from, depth, columns, rowStride, columnStride)` writes panels of 16 columns.
 * `multiply(lhs, rhs, out, outStride, rowPanels, columnPanels, depth, rhsPanelBytes, isFirst)` adds the
 * product of packed panels to `out`, or starts it.
 */
export const gemmFunctions = {
  packLhs_float32: signature(6),
  packLhs_bfloat16: signature(6),
  packLhs_float16: signature(6),
  packRhs_float32: signature(6),
  packRhs_bfloat16: signature(6),
  packRhs_float16: signature(6),
  multiply: signature(9),
} as const;

/** The module; it exports {@link gemmFunctions}. */
export function emitGemm(options: { shared: boolean; relaxed: boolean }): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ shared: options.shared });
  const micro = module.add(microKernel(options.relaxed));
  module.add(multiply(micro), 'multiply');
  for (const type of ['float32', 'bfloat16', 'float16'] as const) {
    const lhsPanel = module.add(packLhsPanel(type));
    module.add(packLhs(lhsPanel), `packLhs_${type}`);
    const rhsPanel = module.add(packRhsPanel(type));
    module.add(packRhs(rhsPanel), `packRhs_${type}`);
  }
  return module.bytes();
}

/** out[2, 16] (+)= lhs[depth, 2]ᵀ · rhs[depth, 16]; parameters lhs, rhs, out, outStride, depth, isFirst. */
function microKernel(relaxed: boolean): FunctionBuilder {
  const b = new FunctionBuilder(signature(6));
  const [lhs, rhs, out, outStride, depth, isFirst] = [0, 1, 2, 3, 4, 5] as const;
  const sums = Array.from({ length: 8 }, () => b.local('v128'));
  const columns = Array.from({ length: 4 }, () => b.local('v128'));
  const [left, end] = [b.local('v128'), b.local('i32')];
  const multiplyAdd = (sum: number, column: number): number[] =>
    relaxed
      ? [
          ...localGet(left),
          ...localGet(column),
          ...localGet(sum),
          ...f32x4.relaxedMadd,
          ...localSet(sum),
        ]
      : [
          ...localGet(left),
          ...localGet(column),
          ...f32x4.mul,
          ...localGet(sum),
          ...f32x4.add,
          ...localSet(sum),
        ];
  const row = (which: number): number[] => [
    ...localGet(lhs),
    ...v128Load32Splat(which * 4),
    ...localSet(left),
    ...columns.flatMap((column, k) => multiplyAdd(sums[which * 4 + k] ?? 0, column)),
  ];
  b.code.push(
    ...assign(end, at(localGet(lhs), localGet(depth), 8)),
    ...control.loop,
    ...columns.flatMap((column, k) => [...localGet(rhs), ...v128Load(16 * k), ...localSet(column)]),
    ...row(0),
    ...row(1),
    ...advance(rhs, i32Const(64)),
    ...localGet(lhs),
    ...i32Const(8),
    ...i32.add,
    ...localTee(lhs),
    ...localGet(end),
    ...i32.ltU,
    ...branchIf(0),
    ...control.end,
    ...assign(end, localGet(out), localGet(outStride), i32.add),
    ...choose(
      [...localGet(isFirst), ...i32.eqz],
      sums.flatMap((sum, k) => [
        ...localGet(k < 4 ? out : end),
        ...v128Load(16 * (k % 4)),
        ...localGet(sum),
        ...f32x4.add,
        ...localSet(sum),
      ]),
    ),
    ...sums.flatMap((sum, k) => [
      ...localGet(k < 4 ? out : end),
      ...localGet(sum),
      ...v128Store(16 * (k % 4)),
    ]),
  );
  return b;
}

function multiply(micro: number): FunctionBuilder {
  const b = new FunctionBuilder(gemmFunctions.multiply);
  const [lhs, rhs, out, outStride, rowPanels, columnPanels, depth, rhsPanelBytes, isFirst] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8,
  ] as const;
  const [i, j, from, to] = [b.local('i32'), b.local('i32'), b.local('i32'), b.local('i32')];
  b.code.push(
    ...countUp(
      j,
      localGet(columnPanels),
      1,
      assign(i, i32Const(0)),
      assign(from, localGet(lhs)),
      assign(to, localGet(out)),
      countUp(
        i,
        localGet(rowPanels),
        1,
        [
          ...localGet(from),
          ...localGet(rhs),
          ...localGet(to),
          ...localGet(outStride),
          ...localGet(depth),
          ...localGet(isFirst),
        ],
        call(micro),
        assign(from, at(localGet(from), localGet(depth), 8)),
        assign(to, at(localGet(to), localGet(outStride), 2)),
      ),
      advance(out, i32Const(64)),
      advance(rhs, localGet(rhsPanelBytes)),
    ),
  );
  return b;
}
