/** Names of functions for errors: `vmap(size 32) of grad of 'loss'`. */

const labels = new WeakMap<object, string>();

/** What a function is called in errors: its own name in quotes, or how it was made. */
export const labelOf = (f: object): string =>
  labels.get(f) ??
  ('name' in f && typeof f.name === 'string' && f.name !== '' ? `'${f.name}'` : 'a function');

/** The function itself, called `label` in errors from now on. */
export function labelled<F extends object>(f: F, label: string): F {
  labels.set(f, label);
  return f;
}
