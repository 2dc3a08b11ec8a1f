/** Names for values: locals that later statements refer to. */
import type { Expr } from '../../ir/expr.ts';
import { type Emitter, localType } from './emitter.ts';
import { localSet } from './opcodes.ts';
import { pushScalar } from './scalar-expressions.ts';
import { pushVector } from './vector-expressions.ts';

/**
 * Names a value; a name that it had before a store is forgotten. Sums of indices stay unnamed, since
 * addresses take them apart; their atoms are named.
 */
export function writeLet(emitter: Emitter, expr: Expr): void {
  if (expr.kind === 'affine') {
    for (const { atom } of expr.terms) {
      if (atom.kind !== 'axis' && emitter.find(atom) === undefined) writeLet(emitter, atom);
    }
    return;
  }
  emitter.forget(expr);
  emitter.bind(expr, ...valueLocals(emitter, expr));
}

/** New locals with the value: one scalar, or one vector per copy. */
function valueLocals(emitter: Emitter, expr: Expr): [locals: number[], isVector: boolean] {
  if (!emitter.varies(expr)) {
    const local = emitter.local(localType(expr.dtype));
    pushScalar(emitter, expr);
    emitter.emit(localSet(local));
    return [[local], false];
  }
  const copies = emitter.vector?.copies ?? 1;
  const locals = Array.from({ length: copies }, (_, copy) => {
    const local = emitter.local('v128');
    pushVector(emitter, expr, copy);
    emitter.emit(localSet(local));
    return local;
  });
  return [locals, true];
}
