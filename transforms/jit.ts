/** Compilation of a whole function, cached by the types of its arguments. */
import type { Aval } from '../core/base/aval.ts';
import { sameShape } from '../core/base/aval.ts';
import { copyData, sameData } from '../core/base/plain-data.ts';
import { flatten, type Structure } from '../core/base/pytree.ts';
import { withChecks } from '../core/host/checks.ts';
import type { Device } from '../core/host/device.ts';
import { type Compiled, compiled, defaultDevice } from '../core/host/runtime.ts';
import { inline } from '../core/ir/interpret.ts';
import { concrete, isTracing } from '../core/ir/trace.ts';
import { ConcreteArray, Tracer, Value } from '../core/ir/value.ts';
import { isJitDisabled } from './eager.ts';
import {
  argumentOutOfRange,
  donatedTwice,
  needsElements,
  staticAndDonated,
  staticArray,
} from './errors.ts';
import { labelled, labelOf } from './label.ts';
import { avalOf, showArgument, showLeaf } from './leaves.ts';
import { type Lowered, lowered, programInfo, type TracedFunction } from './lowered.ts';
import { showScope } from './named-axes.ts';
import { type AnyFunction, argAvals, call, type Staged, type StagedCall, stage } from './stage.ts';
import type { Argnums, Described, Output, SpecsOf } from './types.ts';
import { scalar } from './values.ts';

/** Arguments with a special role, counted from 0. */
export interface JitOptions<A extends readonly unknown[]> {
  /**
   * Plain data that the program is compiled for: numbers, strings, configurations, functions. Compared
   * by content; functions and class instances by identity.
   */
  readonly static?: Argnums<A>;
  /** Arrays that the call may overwrite. Using them afterwards is an error. */
  readonly donate?: Argnums<A>;
  /** Whether a call whose result has a NaN fails and says where it came from. Default: `settings.debugNans`. */
  readonly debugNans?: boolean;
  /** The same for infinities. Default: `settings.debugInfs`. */
  readonly debugInfs?: boolean;
}

/** A compiled function. */
export interface Jitted<A extends unknown[], R> {
  (...args: A): R;
  /** The program and its kernels for arguments like these; descriptions of arrays will do. */
  lower(...args: Described<A>): Lowered<A, R>;
  /** The program alone, not compiled. */
  trace(...args: Described<A>): TracedFunction<A, R>;
  /** Shapes and dtypes of the result. */
  evalShape(...args: Described<A>): SpecsOf<R>;
  /** Forgets the programs, so that the next call traces the function again. */
  clearCache(): void;
}

/** One program of a jitted function. */
interface Entry {
  readonly statics: readonly unknown[];
  readonly staged: Staged;
  readonly avals: readonly Aval[];
  readonly captures: readonly ConcreteArray[];
  /** Named axes that were in scope when it was traced. */
  readonly scope: string;
  readonly donated: ReadonlySet<number>;
  /** What runs it, once it has run, and on which device. */
  executable: Compiled | null;
  device: Device | null;
}

/**
 * `f` as one compiled program per combination of argument types, tree structures and static arguments.
 *
 * Called while a program is being traced it becomes part of that program. Arrays that `f` closes over are
 * looked at once, when it is traced.
 *
 * @throws `donated-twice`, `static-array`, `static-and-donated`, `argument-out-of-range`,
 *   `async-function`, `not-an-array`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.jit.html
 * @example
 * const step = jit((w: np.Array, g: np.Array) => w.sub(g.mul(0.1)), { donate: 0 });
 * console.log(String(step.lower(arraySpec([3]), arraySpec([3])).program));
 */
export function jit<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  options: JitOptions<A> = {},
): Jitted<A, R> {
  const programs = new JittedFunction(f, listOf(options.static), listOf(options.donate));
  const checks = {
    ...(options.debugNans === undefined ? {} : { nans: options.debugNans }),
    ...(options.debugInfs === undefined ? {} : { infs: options.debugInfs }),
  };
  const isChecked = Object.keys(checks).length > 0;
  const run = (...args: A): R => {
    if (isJitDisabled() && !isTracing()) return f(...args);
    const call = (): R => programs.call(args) as R; // A tree like the one that f returned.
    return isChecked ? withChecks(checks, call) : call();
  };
  const lower = (...args: Described<A>): Lowered<A, R> => {
    const { staged, donated } = programs.entry(args);
    return lowered(staged, donated, run);
  };
  const trace = (...args: Described<A>): TracedFunction<A, R> => ({
    ...programInfo<R>(programs.entry(args).staged),
    lower: () => lower(...args),
  });
  const evalShape = (...args: Described<A>): SpecsOf<R> => trace(...args).outInfo;
  const clearCache = (): void => programs.clear();
  return labelled(Object.assign(run, { lower, trace, evalShape, clearCache }), programs.label);
}

const listOf = (positions: number | readonly number[] | undefined): readonly number[] =>
  positions === undefined ? [] : typeof positions === 'number' ? [positions] : positions;

const nothing: readonly never[] = [];

class JittedFunction {
  readonly label: string;
  readonly #f: AnyFunction;
  readonly #static: readonly number[];
  readonly #donate: readonly number[];
  readonly #entries: Entry[] = [];
  /** The entry of the last call, which the next most likely needs too. */
  #last: Entry | null = null;

  constructor(f: AnyFunction, statics: readonly number[], donate: readonly number[]) {
    this.#f = f;
    this.#static = statics;
    this.#donate = donate;
    this.label = `jit of ${labelOf(f)}`;
    const both = statics.find((index) => donate.includes(index));
    if (both !== undefined) throw staticAndDonated(this.label, both);
  }

  /** Forgets all programs. */
  clear(): void {
    this.#entries.length = 0;
    this.#last = null;
  }

  /** The result for these arguments. */
  call(args: readonly unknown[]): unknown {
    const leaves: unknown[] = [];
    const last = this.#last;
    const entry =
      last !== null && this.#matches(last, args, leaves) ? last : this.entry(args, leaves);
    if (isTracing()) return this.#inline(entry, leaves);
    this.#last = entry;
    const inputs = this.#inputs(entry, leaves);
    if (entry.donated.size > 0) this.#checkDonated(entry, inputs);
    const { structure, outputs } = this.#run(entry, inputs);
    return structure.unflatten(outputs);
  }

  #run(entry: Entry, inputs: readonly ConcreteArray[]): { structure: Structure; outputs: Value[] } {
    const device = defaultDevice();
    if (entry.executable === null || entry.device !== device) {
      entry.executable = compiled(entry.staged.program, entry.donated);
      entry.device = device;
    }
    return {
      structure: entry.staged.outTree,
      outputs: entry.executable.run(inputs, entry.donated),
    };
  }

  #inline({ staged }: Entry, leaves: readonly unknown[]): unknown {
    const inputs = leaves.map((leaf) => this.#toValue(leaf));
    return staged.outTree.unflatten(inline(staged.program, [...inputs, ...staged.captures]));
  }

  #toValue(leaf: unknown): Value {
    if (leaf instanceof Value) return leaf;
    if (typeof leaf === 'number' || typeof leaf === 'boolean') return scalar(leaf);
    throw needsElements(this.label, 'an argument', showLeaf(leaf));
  }

  #inputs({ captures }: Entry, leaves: readonly unknown[]): ConcreteArray[] {
    const inputs: ConcreteArray[] = [];
    for (const leaf of leaves) {
      if (leaf instanceof ConcreteArray) inputs.push(leaf);
      else inputs.push(...concrete([this.#toValue(leaf)]));
    }
    for (const capture of captures) inputs.push(capture);
    return inputs;
  }

  /** The arguments that are traced; null in place of the static ones. */
  #dynamic(args: readonly unknown[]): readonly unknown[] {
    if (this.#static.length === 0) return args;
    return args.map((arg, i) => (this.#static.includes(i) ? null : arg));
  }

  #statics(args: readonly unknown[]): readonly unknown[] {
    return this.#static.length === 0 ? nothing : this.#static.map((index) => args[index]);
  }

  /** True, with the leaves filled in, if the entry was made for arguments like these. */
  #matches(entry: Entry, args: readonly unknown[], leaves: unknown[]): boolean {
    leaves.length = 0;
    return (
      entry.scope === showScope() &&
      entry.staged.argTree.collect(this.#dynamic(args), leaves) &&
      sameTypes(leaves, entry.avals) &&
      sameData(this.#statics(args), entry.statics)
    );
  }

  /** The entry for these arguments, made if need be, and their leaves. */
  entry(args: readonly unknown[], leaves: unknown[] = []): Entry {
    const known = this.#entries.find((entry) => this.#matches(entry, args, leaves));
    if (known !== undefined) return known;
    this.#checkPositions(args);
    const statics = this.#statics(args);
    const staged = stage(
      (...traced: readonly unknown[]) =>
        call(
          this.#f,
          args.map((arg, i) => (this.#static.includes(i) ? arg : traced[i])),
        ),
      this.#dynamic(args),
      this.label,
    );
    const { leaves: traced, ...kept } = staged;
    leaves.splice(0, leaves.length, ...traced);
    const entry: Entry = {
      statics: statics.map(copyData),
      scope: showScope(),
      staged: kept, // Without the leaves: they would stay in memory.
      avals: argAvals(staged),
      captures: staged.captures.filter((value) => value instanceof ConcreteArray),
      donated: this.#donatedInputs(staged),
      executable: null,
      device: null,
    };
    // A program that closed over a tracer belongs to the trace that is going on.
    if (!staged.captures.some((value) => value instanceof Tracer)) this.#entries.push(entry);
    return entry;
  }

  /** The inputs that belong to donated arguments. */
  #donatedInputs({ argTree, leaves }: StagedCall): ReadonlySet<number> {
    const donated = new Set<number>();
    let next = 0;
    argTree.children.forEach((child, position) => {
      for (const index of Array(child.size).keys()) {
        const isArray =
          leaves[next + index] instanceof Value || typeof leaves[next + index] === 'object';
        if (this.#donate.includes(position) && isArray) donated.add(next + index);
      }
      next += child.size;
    });
    return donated;
  }

  #checkPositions(args: readonly unknown[]): void {
    for (const [option, positions] of [
      ['static', this.#static],
      ['donate', this.#donate],
    ] as const) {
      const wrong = positions.find((index) => !(index >= 0 && index < args.length));
      if (wrong !== undefined) throw argumentOutOfRange(this.label, option, wrong, args.length);
    }
    for (const index of this.#static) {
      const { leaves, structure } = flatten(args[index]);
      const found = leaves.findIndex((leaf) => leaf instanceof Value);
      if (found !== -1) {
        throw staticArray(
          this.label,
          index,
          structure.paths()[found] ?? '',
          showLeaf(leaves[found]),
        );
      }
    }
  }

  /** @throws `donated-twice` if a donated array is another input too. */
  #checkDonated({ donated, staged }: Entry, inputs: readonly ConcreteArray[]): void {
    const first = new Map<ConcreteArray, number>();
    inputs.forEach((array, i) => {
      const other = first.get(array);
      if (other === undefined) first.set(array, i);
      else if (donated.has(i) || donated.has(other)) {
        const [a, b] = donated.has(i) ? [i, other] : [other, i];
        throw donatedTwice(this.label, nameOfInput(staged, a), nameOfInput(staged, b));
      }
    });
  }
}

function nameOfInput({ argTree }: Staged, index: number): string {
  if (index >= argTree.size) return 'an array that the function closes over';
  return showArgument(argTree.paths()[index] ?? '');
}

function sameTypes(leaves: readonly unknown[], avals: readonly Aval[]): boolean {
  for (let i = 0; i < avals.length; i++) {
    const leaf = leaves[i];
    const known = avals[i];
    const aval = leaf instanceof Value ? leaf.aval : avalOf(leaf);
    if (aval === known) continue;
    const isSame =
      aval !== null &&
      known !== undefined &&
      aval.dtype === known.dtype &&
      aval.weak === known.weak &&
      sameShape(aval.shape, known.shape);
    if (!isSame) return false;
  }
  return true;
}
