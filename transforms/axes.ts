/** Batch axes given as the beginning of a tree. */
import { isPlainObject } from '../core/base/plain-data.ts';
import type { Structure } from '../core/base/pytree.ts';
import { badAxes } from './errors.ts';

/** A batch axis, or null for what the batch shares. */
export type Axis = number | null;

/** The option that axes were given in, for errors. */
export interface AxesOption {
  readonly label: string;
  readonly option: 'inAxes' | 'outAxes';
}

/**
 * The axis of every leaf of a structure.
 *
 * @param axes - An axis or null for all leaves, or a list or record of such for the children.
 * @throws `bad-in-axes`.
 */
export function axesOfLeaves(
  { label, option }: AxesOption,
  axes: unknown,
  structure: Structure,
  path = '',
): Axis[] {
  if (axes === null || (typeof axes === 'number' && Number.isInteger(axes))) {
    return new Array<Axis>(structure.size).fill(axes);
  }
  const entries = entriesLike(axes, structure);
  if (entries === null) {
    const place = path === '' ? '' : `'${path}': `;
    throw badAxes(label, option, `${place}${showAxes(axes)} does not fit ${structure.toString()}`);
  }
  return structure.children.flatMap((child, i) => {
    const name = structure.names[i] ?? '';
    const childPath = path === '' ? name : `${path}/${name}`;
    return axesOfLeaves({ label, option }, entries[i], child, childPath);
  });
}

/** The axes of each child, or null if there are not as many. */
function entriesLike(axes: unknown, { kind, names }: Structure): readonly unknown[] | null {
  if (kind === 'list') return Array.isArray(axes) && axes.length === names.length ? axes : null;
  if (kind !== 'record' || !isPlainObject(axes)) return null;
  const isAlike =
    Object.keys(axes).length === names.length && names.every((name) => Object.hasOwn(axes, name));
  return isAlike ? names.map((name) => axes[name]) : null;
}

function showAxes(axes: unknown): string {
  if (Array.isArray(axes)) return `[${axes.map(showAxes).join(', ')}]`;
  if (!isPlainObject(axes)) return String(axes);
  return `{${Object.entries(axes)
    .map(([name, axis]) => `${name}: ${showAxes(axis)}`)
    .join(', ')}}`;
}

/**
 * The axis counted from the front.
 *
 * @param where - What has the axes, in errors: `argument 0, f32[3]`.
 * @throws `bad-in-axes` if there is no such axis.
 */
export function frontAxis(
  { label, option }: AxesOption,
  axis: number,
  ndim: number,
  where: string,
): number {
  if (axis >= -ndim && axis < ndim) return axis < 0 ? axis + ndim : axis;
  throw badAxes(label, option, `${where} has no axis ${axis}`);
}
