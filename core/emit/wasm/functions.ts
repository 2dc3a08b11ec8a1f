/**
 * Operations that modules carry as functions: written out at every use they would fill a kernel.
 * Angles have a short way for the numbers that occur, and the long one for all others.
 */
import {
  type Axis,
  axisIndex,
  type Expr,
  load,
  makeAxis,
  makeSource,
  walk,
} from '../../ir/expr.ts';
import { abs, f, le } from '../expansions/build.ts';
import { floatExpansions } from '../expansions/index.ts';
import { nearAngle, nearExpansions } from '../expansions/trigonometry.ts';
import { Emitter, localType, newFrame } from './emitter.ts';
import { FunctionBuilder } from './module.ts';
import { control, i32x4, localSet, type ValueType } from './opcodes.ts';
import { pushScalar } from './scalar-expressions.ts';
import type { OutlinedOp } from './scalar-table.ts';
import { pushVector } from './vector-expressions.ts';

type Expansion = (x: Expr, y: Expr) => Expr;

/** A function of one or two numbers, or of vectors of four, for an operation on float32. */
export function outlinedFunction(
  name: OutlinedOp,
  isVector: boolean,
  options: { readonly relaxed: boolean },
): FunctionBuilder {
  const expansion: Expansion = floatExpansions[name];
  const type: ValueType = isVector ? 'v128' : 'f32';
  const parameters: ValueType[] = expansion.length > 1 ? [type, type] : [type];
  const builder = new FunctionBuilder({ parameters, results: [type] });
  // Parameters stand for loads along an axis, so that whatever depends on them counts as a vector.
  const lane = makeAxis(4);
  const operands = parameters.map(() => load(makeSource('float32', 4), axisIndex(lane)));
  const [x = f(0), y = x] = operands;
  const write = (root: Expr): void =>
    writeBody(builder, { root, operands, lane, isVector }, options);
  const near: Expansion | undefined = (nearExpansions as Partial<Record<OutlinedOp, Expansion>>)[
    name
  ];
  if (near !== undefined) {
    write(le(abs(x), f(nearAngle)));
    builder.code.push(...(isVector ? i32x4.allTrue : []), ...control.if);
    write(near(x, y));
    builder.code.push(...control.return, ...control.end);
  }
  write(expansion(x, y));
  return builder;
}

interface Body {
  readonly root: Expr;
  readonly operands: readonly Expr[];
  readonly lane: Axis;
  readonly isVector: boolean;
}

/** Leaves the value of `root` on the stack; what is used twice is computed once. */
function writeBody(
  builder: FunctionBuilder,
  { root, operands, lane, isVector }: Body,
  { relaxed }: { readonly relaxed: boolean },
): void {
  const emitter = new Emitter({
    builder,
    pointers: new Map(),
    written: new Set(),
    relaxed,
    callHelper: () => {
      throw new TypeError('an expansion that needs a function itself');
    },
  });
  const frame = newFrame();
  emitter.loops = [frame];
  emitter.vector = isVector ? { axis: lane, copies: 1 } : null;
  for (const [position, operand] of operands.entries()) emitter.bind(operand, [position], isVector);
  emitter.code = [];
  const uses = new Map<Expr, number>();
  const nodes = walk([root]);
  for (const node of nodes) {
    if (node.kind !== 'op') continue;
    for (const arg of node.args) uses.set(arg, (uses.get(arg) ?? 0) + 1);
  }
  const push = (expr: Expr): void =>
    isVector && expr.deps.size > 0 ? pushVector(emitter, expr, 0) : pushScalar(emitter, expr);
  for (const node of nodes) {
    if (node.kind !== 'op' || (uses.get(node) ?? 0) < 2) continue;
    const varies = isVector && node.deps.size > 0;
    const local = emitter.local(varies ? 'v128' : localType(node.dtype));
    push(node);
    emitter.emit(localSet(local));
    emitter.bind(node, [local], varies);
  }
  push(root);
  builder.code.push(...frame.preheader, ...emitter.code);
}
