/** Functions that return `[result, aux]`. */
import { flatten } from '../core/base/pytree.ts';
import { asyncUnderTrace } from '../core/ir/errors.ts';
import { needsAuxPair } from './errors.ts';
import { showLeaf } from './leaves.ts';
import { type AnyFunction, call, isPromise } from './stage.ts';

/** `f` with a check that it returns a pair. @throws `aux-needs-pair`, `async-function`. */
export const auxPair =
  (f: AnyFunction, label: string) =>
  (...args: readonly unknown[]): unknown => {
    const result = call(f, args);
    if (isPromise(result)) throw asyncUnderTrace(label);
    if (Array.isArray(result) && result.length === 2) return result;
    const { structure } = flatten(result);
    throw needsAuxPair(label, structure.kind === 'leaf' ? showLeaf(result) : structure.toString());
  };
