/** Types that loops and branches share. */
import type { Value, ValueLike } from '../../core/ir/value.ts';
import type { MapLeaves } from '../../core/tree.ts';

/** The tree with an array in place of every leaf: what a traced function is given. */
export type Arrays<T> = MapLeaves<T, Value>;

/** The tree with an array or a number in place of every leaf: what a traced function may return. */
export type ArraysLike<T> = MapLeaves<T, ValueLike>;
