/** Which tokens may attend to which. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../../nn/dims.ts';

/** True where a new block of tokens begins: tokens see their own block and all earlier ones. */
export type BlockStarts = readonly boolean[];

/** The number of each token's block, int32[tokens]. */
function blockNumbers(starts: BlockStarts): Value {
  let block = 0;
  const numbers = starts.map((isStart) => {
    block += isStart ? 1 : 0;
    return block;
  });
  return np.array(numbers, { dtype: 'int32' });
}

/**
 * The block-causal mask: valid tokens see the valid tokens of their own block and of those before. Rows and columns
 * of padding are all false.
 *
 * @param isValid - bool[batch, tokens].
 * @param starts - One flag per token; or bool or int32[batch, tokens] or [tokens].
 * @returns bool[batch, tokens, tokens]: row attends to column.
 * @throws `wrong-axes`, `axis-disagrees`.
 * @example
 * const causal = makeAttentionMask(np.ones([1, 3], { dtype: 'bool' }), [true, true, true]);
 */
export function makeAttentionMask(isValid: Value, starts: BlockStarts | Value): Value {
  const blocks = isFlags(starts)
    ? blockNumbers(starts)
    : np.cumsum(np.astype(starts, 'int32'), { axis: -1 });
  dims('makeAttentionMask', {
    isValid: [isValid, 'batch tokens'],
    starts: [blocks, '… tokens'],
  });
  const sees = np.lessEqual(np.expandDims(blocks, -2), np.expandDims(blocks, -1));
  const both = np.logicalAnd(np.expandDims(isValid, 1), np.expandDims(isValid, 2));
  return np.logicalAnd(sees, both);
}

const isFlags = (starts: BlockStarts | Value): starts is BlockStarts => Array.isArray(starts);

/** int32[batch, tokens]: each token's place among the valid ones. Padding shares that of the last valid token. */
export const positionsOf = (isValid: Value): Value =>
  np.subtract(np.cumsum(np.astype(isValid, 'int32'), { axis: 1 }), 1);
