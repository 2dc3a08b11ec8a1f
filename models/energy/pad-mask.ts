/** The mask of padded context tokens, and rows that have nothing else. */
import type { TypedArray } from '../../core/base/dtype.ts';
import { isTracing } from '../../core/ir/trace.ts';
import { ConcreteArray, type Value } from '../../core/ir/value.ts';
import { dims } from '../../nn/dims.ts';
import { allPadding, maskNotBool } from './errors.ts';

function rejectPadding(op: string, elements: TypedArray, tokens: number): void {
  const padded: number[] = [];
  for (let row = 0; row * tokens < elements.length; row++) {
    const flags = elements.subarray(row * tokens, (row + 1) * tokens);
    if (flags.every((flag) => flag !== 0)) padded.push(row);
  }
  if (padded.length > 0) throw allPadding(op, padded);
}

/**
 * Checks what can be checked without waiting: always the type; the values if they are on the host and no
 * program is being traced.
 *
 * @throws `pad-mask-not-bool`, `context-all-padding`.
 */
export function checkMaskNow(op: string, mask: Value | undefined): void {
  if (mask === undefined) return;
  if (mask.dtype !== 'bool') throw maskNotBool(op, mask.aval);
  if (isTracing() || !(mask instanceof ConcreteArray)) return;
  const elements = mask.storage.peek();
  if (elements !== null) rejectPadding(op, elements, mask.shape.at(-1) ?? 1);
}

/**
 * Resolves if every row has a token that is not padding. For devices whose memory has to be read back, where
 * the other functions cannot look at the values of a mask.
 *
 * @param padMask - bool[batch, tokens]; true is padding.
 * @throws `pad-mask-not-bool`; `context-all-padding`, which names the rows.
 */
export async function checkPadMask(padMask: Value): Promise<void> {
  dims('checkPadMask', { padMask: [padMask, 'batch tokens'] });
  if (padMask.dtype !== 'bool') throw maskNotBool('checkPadMask', padMask.aval);
  rejectPadding('checkPadMask', await padMask.data(), padMask.shape.at(-1) ?? 1);
}
