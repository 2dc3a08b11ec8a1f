/** The library of WGSL functions that kernels draw from. */
import { bitHelpers } from './bits.ts';
import { errorFunctionHelpers } from './error-function.ts';
import { exponentialHelpers } from './exponential.ts';
import type { Helper } from './helper.ts';
import { storageHelpers } from './storage.ts';
import { trigonometricHelpers } from './trigonometric.ts';

const library = {
  ...bitHelpers,
  ...storageHelpers,
  ...exponentialHelpers,
  ...trigonometricHelpers,
  ...errorFunctionHelpers,
} as const;

/** The name of a function in the library. */
export type HelperName = keyof typeof library;

const byName: ReadonlyMap<string, Helper> = new Map(Object.entries(library));

/** The text of these functions and of all that they call, in an order that depends on the set alone. */
export function helperText(names: ReadonlySet<HelperName>): string {
  const wanted = new Set<string>();
  const visit = (name: string): void => {
    if (wanted.has(name)) return;
    wanted.add(name);
    byName.get(name)?.needs.forEach(visit);
  };
  names.forEach(visit);
  return [...byName].flatMap(([name, { text }]) => (wanted.has(name) ? [text] : [])).join('\n');
}
