/** The named batch axes around the code that is being traced. */
import { unboundAxis } from './errors.ts';

/** A named axis. */
export interface NamedAxis {
  readonly name: string;
  readonly size: number;
}

/** Innermost last. */
export type AxisScope = readonly NamedAxis[];

let scope: AxisScope = [];

/** The axes that are in scope now, for {@link inScope}. */
export const axisScope = (): AxisScope => scope;

/** Runs `body` with these axes in scope and no others. */
export function inScope<R>(axes: AxisScope, body: () => R): R {
  const saved = scope;
  scope = axes;
  try {
    return body();
  } finally {
    scope = saved;
  }
}

/** Runs `body` with one more axis in scope. */
export const inAxis = <R>(name: string, size: number, body: () => R): R =>
  inScope([...scope, { name, size }], body);

/** The axes in scope as text, for cache keys. */
export const showScope = (): string =>
  scope.length === 0 ? '' : scope.map(({ name, size }) => `${name}=${size}`).join();

/** The size of the innermost axis of this name. @throws `unbound-axis-name` */
export function sizeOfAxis(op: string, name: string): number {
  const found = scope.findLast((axis) => axis.name === name);
  if (found === undefined)
    throw unboundAxis(op, name, [...new Set(scope.map((axis) => axis.name))]);
  return found.size;
}
