/** Whether what a checkpoint holds is what a model expects. */
import { checkpointMismatch } from './errors.ts';

/** The type of a tensor, in a model's names or in a file's. */
export interface ExpectedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Tensor types by '/'-joined path. */
export type TensorTypes = Readonly<Record<string, ExpectedTensor>>;

const show = ({ dtype, shape }: ExpectedTensor): string => `${dtype}[${shape.join(', ')}]`;

const isFloat = (dtype: string): boolean => /^b?float|^B?F\d/.test(dtype);

/**
 * Loading casts between floating-point types, as released weights come in several; nothing else is
 * cast.
 */
const fits = (expected: ExpectedTensor, found: ExpectedTensor): boolean =>
  (expected.dtype === found.dtype || (isFloat(expected.dtype) && isFloat(found.dtype))) &&
  expected.shape.length === found.shape.length &&
  expected.shape.every((size, axis) => size === found.shape[axis]);

/** Matches whole paths only: 'lora' must not excuse 'floral/kernel'. */
function wholePath(pattern: string | RegExp | undefined): (path: string) => boolean {
  if (pattern === undefined) return () => false;
  const { source, flags } = typeof pattern === 'string' ? new RegExp(pattern) : pattern;
  const whole = new RegExp(`^(?:${source})$`, flags.replace(/[gy]/g, ''));
  return (path) => whole.test(path);
}

/**
 * The expected paths that are missing and may be, sorted; for the caller to initialise afresh.
 *
 * @param options.missingRegex - Paths that match it from end to end may be missing.
 * @throws `checkpoint-mismatch` naming every other path that is missing, that nobody expects, or
 * that has another shape or type.
 */
export function checkAgainst(
  expected: TensorTypes,
  found: TensorTypes,
  { missingRegex }: { readonly missingRegex?: string | RegExp } = {},
): { readonly missing: readonly string[] } {
  const mayBeMissing = wholePath(missingRegex);
  const want = new Map(Object.entries(expected));
  const have = new Map(Object.entries(found));
  const missing: string[] = [];
  const problems: string[] = [];
  for (const path of [...new Set([...want.keys(), ...have.keys()])].sort()) {
    const [wanted, got] = [want.get(path), have.get(path)];
    if (wanted === undefined) {
      if (got !== undefined)
        problems.push(`extra    ${path}: not expected, the checkpoint has ${show(got)}`);
    } else if (got === undefined) {
      if (mayBeMissing(path)) missing.push(path);
      else problems.push(`missing  ${path}: expected ${show(wanted)}, the checkpoint has none`);
    } else if (!fits(wanted, got)) {
      problems.push(`differs  ${path}: expected ${show(wanted)}, the checkpoint has ${show(got)}`);
    }
  }
  if (problems.length > 0) throw checkpointMismatch(problems);
  return { missing };
}
