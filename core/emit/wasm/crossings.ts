/**
 * Kernels that read an array along another axis than they write: four rows of the result are computed at a
 * time, so that four vectors can be loaded along the one axis and turned to the other.
 */
import type { KernelStore } from '../../compile/kernel.ts';
import {
  type Axis,
  axisIndex,
  type Expr,
  type LoadExpr,
  makeAxis,
  op,
  substitute,
  walk,
} from '../../ir/expr.ts';
import { indexConstant, isInRange, scaleIndex, strideAlong } from '../../ir/index-algebra.ts';
import type { Emitter } from './emitter.ts';
import { sizeIn } from './memory.ts';
import { expressionsOf, type LoopNest } from './merge-axes.ts';
import { i32x4, localGet, localSet, shuffle32, v128Load } from './opcodes.ts';
import { pushAddress } from './scalar-expressions.ts';

/** Four loads of neighbours in memory, one for each of four rows; each is mapped to all four. */
export type Quads = ReadonlyMap<Expr, readonly LoadExpr[]>;

/** A nest that computes four rows at a time. */
export interface Crossing {
  readonly nest: LoopNest;
  /** The axis that vectors lie along. */
  readonly inner: Axis;
  readonly quads: Quads;
}

const LANES = 4;

/** The nest in blocks of four rows, for each pair of axes for which that helps. */
export function crossingsOf(nest: LoopNest): Crossing[] {
  const { parallel, stores } = nest;
  const isPlain = stores.every(({ mode, serial }) => mode === 'set' && serial.length === 0);
  const nodes = walk(stores.flatMap(expressionsOf));
  if (!isPlain || nodes.some((node) => node.kind === 'reduce')) return [];
  const loads = nodes.filter((node): node is LoadExpr => node.kind === 'load');
  const along = (axis: Axis): boolean =>
    axis.extent >= LANES && stores.every(({ index }) => strideAlong(index, axis) === 1);
  return parallel.filter(along).flatMap((inner) =>
    parallel.flatMap((cross) => {
      if (cross === inner || cross.extent < LANES) return [];
      const turned = loads.filter((load) => isTurned(load, inner, cross));
      return turned.length === 0 ? [] : [inBlocks(nest, inner, cross, turned)];
    }),
  );
}

/** True if neighbours on `cross` are neighbours in memory, and those on `inner` lie apart. */
function isTurned({ index, source }: LoadExpr, inner: Axis, cross: Axis): boolean {
  const stride = strideAlong(index, inner);
  const isApart = stride !== null && Math.abs(stride) > 1 && sizeIn(source) === 4;
  return isApart && strideAlong(index, cross) === 1 && isInRange(index, source);
}

function inBlocks(
  { parallel, stores }: LoopNest,
  inner: Axis,
  cross: Axis,
  loads: readonly LoadExpr[],
): Crossing {
  const blocks = makeAxis(Math.ceil(cross.extent / LANES));
  const rows = [0, 1, 2, 3].map((k) => {
    const row = scaleIndex(axisIndex(blocks), LANES, k);
    const at = <E extends Expr>(expr: E): Expr => substitute(expr, new Map([[cross, row]]));
    const isInside = op('lt', [row, indexConstant(cross.extent)]);
    const guards = cross.extent % LANES === 0 ? [] : [isInside];
    return { at, guards };
  });
  const all = rows.flatMap(({ at, guards }) =>
    stores.map((store): KernelStore => {
      const own = store.guard === null ? guards : [at(store.guard), ...guards];
      const [first, second] = own;
      const guard = first === undefined ? null : second === undefined ? first : op('and', own);
      return { ...store, index: at(store.index), value: at(store.value), guard };
    }),
  );
  const quads = new Map<Expr, readonly LoadExpr[]>();
  for (const load of loads) {
    const members = rows.flatMap(({ at }) => {
      const moved = at(load);
      return moved.kind === 'load' ? [moved] : [];
    });
    for (const member of members) quads.set(member, members);
  }
  const axes = parallel.map((axis) => (axis === cross ? blocks : axis));
  return { nest: { parallel: axes, stores: all }, inner, quads };
}

/** Loads four vectors along memory, turns them, and binds them to the four loads. */
export function writeQuad(emitter: Emitter, members: readonly LoadExpr[]): void {
  const { vector } = emitter;
  const [first] = members;
  if (vector === null || first === undefined) return;
  const { source, index } = first;
  const stride = strideAlong(index, vector.axis) ?? 0;
  const lowest = Math.min(0, 3 * stride);
  const address = emitter.local('i32');
  const offset = pushAddress(emitter, source, index, lowest);
  emitter.emit(localSet(address));
  const lines = [0, 1, 2, 3].map((lane) => {
    const line = emitter.local('v128');
    emitter.emit(
      localGet(address),
      v128Load(offset + 4 * (lane * stride - lowest)),
      localSet(line),
    );
    return line;
  });
  const mix = (a: number | undefined, b: number | undefined, lanes: readonly number[]): number => {
    const mixed = emitter.local('v128');
    emitter.emit(localGet(a ?? 0), localGet(b ?? 0), shuffle32(lanes), localSet(mixed));
    return mixed;
  };
  const [low, high] = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ].map((lanes) => [mix(lines[0], lines[1], lanes), mix(lines[2], lines[3], lanes)]);
  const turned = [low, high].flatMap((pair) => [
    mix(pair?.[0], pair?.[1], [0, 1, 4, 5]),
    mix(pair?.[0], pair?.[1], [2, 3, 6, 7]),
  ]);
  members.forEach((member, k) => {
    const own = turned[k] ?? 0;
    if (source.dtype === 'bool') emitter.emit(localGet(own), i32x4.neg, localSet(own));
    emitter.bind(member, [own], true);
  });
}
