/**
 * Pytrees: nested plain objects, arrays and registered classes. null and undefined are nodes without
 * leaves; everything else is a leaf.
 *
 * @see https://docs.jax.dev/en/latest/pytrees.html
 */

import { isPlainObject, sameData } from './plain-data.ts';
import { leafCountMismatch, registeredTwice, treeStructureMismatch } from './pytree-errors.ts';

/** What a registered class consists of: named subtrees, and data that is no part of the tree. */
export interface ClassParts<Children, Data> {
  readonly children: Children;
  /** Part of the structure: compared, never differentiated or batched. */
  readonly data?: Data;
}

/** How instances of a class are taken apart and put together. */
export interface PytreeRules<T, Children, Data> {
  readonly flatten: (value: T) => ClassParts<Children, Data>;
  readonly unflatten: (children: Children, data: Data) => T;
}

interface Registration {
  readonly name: string;
  readonly rules: PytreeRules<unknown, Readonly<Record<string, unknown>>, unknown>;
}

const registrations = new Map<object, Registration>();

/**
 * Makes instances of a class nodes of pytrees instead of leaves. Subclasses are registered on their own.
 *
 * @throws `pytree-registered-twice`.
 * @example
 * class Pair {
 *   readonly left: np.Array;
 *   readonly right: np.Array;
 *   constructor(left: np.Array, right: np.Array) {
 *     this.left = left;
 *     this.right = right;
 *   }
 * }
 * tree.register(Pair, {
 *   flatten: ({ left, right }) => ({ children: { left, right } }),
 *   unflatten: ({ left, right }) => new Pair(left, right),
 * });
 */
export function registerPytree<T extends object, Children extends object, Data = undefined>(
  type: abstract new (...args: never[]) => T,
  rules: PytreeRules<T, Children, Data>,
): void {
  const prototype: object = type.prototype;
  if (registrations.has(prototype)) throw registeredTwice(type.name);
  // Rules are looked up by the prototype of the value, so they only ever see their own class.
  const erased = rules as unknown as Registration['rules'];
  registrations.set(prototype, { name: type.name, rules: erased });
}

const registrationOf = (value: object): Registration | undefined =>
  registrations.get(Object.getPrototypeOf(value) ?? Object.prototype);

const none: readonly never[] = [];

/** Where two trees part. */
export interface Difference {
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

/** A tree without its leaves. `T` is the type of the trees that look like this. */
export class Structure<T = unknown> {
  /** Carries the type only. */
  declare readonly tree?: T;
  readonly kind: 'leaf' | 'empty' | 'list' | 'record' | 'class';
  /** Keys of the children, sorted; positions in a list. */
  readonly names: readonly string[];
  readonly children: readonly Structure[];
  /** null or undefined itself; a registered class's own data. */
  readonly data: unknown;
  /** The number of leaves. */
  readonly size: number;
  readonly #registration: Registration | null;

  constructor(
    kind: Structure['kind'],
    names: readonly string[],
    children: readonly Structure[],
    data: unknown,
    registration: Registration | null,
  ) {
    this.kind = kind;
    this.names = names;
    this.children = children;
    this.data = data;
    this.size = kind === 'leaf' ? 1 : children.reduce((sum, child) => sum + child.size, 0);
    this.#registration = registration;
  }

  /** The child at this position. */
  child(index: number): Structure {
    return this.children[index] ?? emptyNode(undefined);
  }

  /** True if both have the same nodes in the same places. */
  equals(other: Structure): boolean {
    return this === other || this.difference(other) === null;
  }

  #sameNode(other: Structure): boolean {
    return (
      this.kind === other.kind &&
      this.#registration === other.#registration &&
      this.names.length === other.names.length &&
      sameData(this.data, other.data)
    );
  }

  /** The first place where the other structure is unlike this one, or null. */
  difference(other: Structure, path = ''): Difference | null {
    const otherNames = new Set(other.names);
    const ownNames = new Set(this.names);
    if (this.kind === other.kind && this.kind !== 'leaf') {
      const missing = this.names.find((name) => !otherNames.has(name));
      const extra = other.names.find((name) => !ownNames.has(name));
      if (missing !== undefined)
        return { path: join(path, missing), expected: 'something', got: 'nothing' };
      if (extra !== undefined)
        return { path: join(path, extra), expected: 'nothing', got: 'something' };
    }
    if (!this.#sameNode(other)) return { path, expected: this.toString(), got: other.toString() };
    for (const [i, name] of this.names.entries()) {
      const found = this.child(i).difference(other.child(i), join(path, name));
      if (found !== null) return found;
    }
    return null;
  }

  /** The tree with these leaves. Names no more than `leaves` has. */
  unflatten(leaves: readonly unknown[]): unknown {
    if (leaves.length !== this.size)
      throw leafCountMismatch(this.toString(), this.size, leaves.length);
    return this.#build(leaves, 0);
  }

  #build(leaves: readonly unknown[], start: number): unknown {
    if (this.kind === 'leaf') return leaves[start];
    if (this.kind === 'empty') return this.data;
    let next = start;
    const parts = this.children.map((child) => {
      const part = child.#build(leaves, next);
      next += child.size;
      return part;
    });
    if (this.kind === 'list') return parts;
    const record: Record<string, unknown> = {};
    this.names.forEach((name, i) => {
      record[name] = parts[i];
    });
    return this.#registration === null
      ? record
      : this.#registration.rules.unflatten(record, this.data);
  }

  /** Appends the leaves of a tree that looks like this; false, and no use of `leaves`, if it does not. */
  collect(tree: unknown, leaves: unknown[]): boolean {
    switch (this.kind) {
      case 'leaf':
        if (!isLeaf(tree)) return false;
        leaves.push(tree);
        return true;
      case 'empty':
        return tree === this.data;
      case 'list':
        return (
          Array.isArray(tree) && tree.length === this.names.length && this.#collectAll(tree, leaves)
        );
      case 'record':
        return isPlainObject(tree) && this.#collectNamed(tree, leaves);
      case 'class':
        return this.#collectClass(tree, leaves);
    }
  }

  #collectAll(items: readonly unknown[], leaves: unknown[]): boolean {
    for (let i = 0; i < items.length; i++) {
      if (!this.child(i).collect(items[i], leaves)) return false;
    }
    return true;
  }

  #collectNamed(record: Readonly<Record<string, unknown>>, leaves: unknown[]): boolean {
    const { names } = this;
    if (Object.keys(record).length !== names.length) return false;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] ?? '';
      if (!Object.hasOwn(record, name) || !this.child(i).collect(record[name], leaves))
        return false;
    }
    return true;
  }

  #collectClass(tree: unknown, leaves: unknown[]): boolean {
    if (typeof tree !== 'object' || tree === null) return false;
    const registration = registrationOf(tree);
    if (registration === undefined || registration !== this.#registration) return false;
    const { children, data } = registration.rules.flatten(tree);
    return sameData(data, this.data) && this.#collectNamed(children, leaves);
  }

  /** The path of every leaf, such as `encoder/0/kernel`; a tree that is a leaf has the path ''. */
  paths(path = ''): string[] {
    if (this.kind === 'leaf') return [path];
    return this.children.flatMap((child, i) => child.paths(join(path, this.names[i] ?? '')));
  }

  /** `{b: [*, *], w: *}`. */
  toString(): string {
    const named = (): string =>
      this.names.map((name, i) => `${name}: ${this.child(i).toString()}`).join(', ');
    switch (this.kind) {
      case 'leaf':
        return '*';
      case 'empty':
        return String(this.data);
      case 'list':
        return `[${this.children.map(String).join(', ')}]`;
      case 'record':
        return `{${named()}}`;
      case 'class':
        return `${this.#registration?.name ?? ''}{${named()}}`;
    }
  }
}

const leafNode = new Structure('leaf', none, none, undefined, null);
const emptyNode = (value: null | undefined): Structure =>
  new Structure('empty', none, none, value, null);

/** True for what {@link flatten} does not look into. */
export function isLeaf(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value !== 'object') return true;
  return !Array.isArray(value) && !isPlainObject(value) && registrationOf(value) === undefined;
}

function flattenNamed(
  kind: 'record' | 'class',
  record: Readonly<Record<string, unknown>>,
  visit: (value: unknown) => Structure,
  data: unknown,
  registration: Registration | null,
): Structure {
  const names = Object.keys(record).sort();
  return new Structure(
    kind,
    names,
    names.map((name) => visit(record[name])),
    data,
    registration,
  );
}

/** The leaves of a tree in order, keys sorted, and what is left without them. */
export function flatten<T>(tree: T): { leaves: unknown[]; structure: Structure<T> } {
  const leaves: unknown[] = [];
  const visit = (value: unknown): Structure => {
    if (value === null || value === undefined) return emptyNode(value);
    if (Array.isArray(value)) {
      return new Structure(
        'list',
        [...value.keys()].map(String),
        value.map(visit),
        undefined,
        null,
      );
    }
    if (isPlainObject(value)) return flattenNamed('record', value, visit, undefined, null);
    const registration = typeof value === 'object' ? registrationOf(value) : undefined;
    if (registration !== undefined) {
      const { children, data } = registration.rules.flatten(value);
      return flattenNamed('class', children, visit, data, registration);
    }
    leaves.push(value);
    return leafNode;
  };
  // The structure was read off a T, so it is the structure of one.
  const structure = visit(tree) as Structure<T>;
  return { leaves, structure };
}

/** The leaves of a tree that must look like `structure`. @throws `tree-structure-mismatch`, naming `op`. */
export function flattenLike(op: string, structure: Structure, tree: unknown): unknown[] {
  const leaves: unknown[] = [];
  if (structure.collect(tree, leaves)) return leaves;
  const found = structure.difference(flatten(tree).structure);
  throw treeStructureMismatch(op, found?.path ?? '', found?.expected ?? '', found?.got ?? '');
}

/**
 * What stands at each leaf's place in a tree that has at least the nodes of `structure`: subtrees, and
 * null or undefined.
 *
 * @throws `tree-structure-mismatch`, naming `op`.
 */
export function subtreesAt(op: string, structure: Structure, tree: unknown, path = ''): unknown[] {
  if (structure.kind === 'leaf') return [tree];
  const { structure: other } = flatten(tree);
  const subtrees = childrenOf(tree);
  const isAlike =
    structure.kind === other.kind &&
    structure.names.length === other.names.length &&
    structure.names.every((name, i) => name === other.names[i]);
  if (!isAlike) throw treeStructureMismatch(op, path, structure.toString(), other.toString());
  return structure.children.flatMap((child, i) =>
    subtreesAt(op, child, subtrees[i], join(path, structure.names[i] ?? '')),
  );
}

/** The subtrees directly below a node, in the order of its structure's names. */
function childrenOf(tree: unknown): readonly unknown[] {
  if (Array.isArray(tree)) return tree;
  const registration = typeof tree === 'object' && tree !== null ? registrationOf(tree) : undefined;
  const record = registration === undefined ? tree : registration.rules.flatten(tree).children;
  if (!isPlainObject(record)) return none;
  return Object.keys(record)
    .sort()
    .map((name) => record[name]);
}
