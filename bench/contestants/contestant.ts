/** What every library looks like to the benchmark, and how a case is run on it. */
import { type Body, type Case, Unable } from '../case.ts';
import { type Digest, digest } from '../digest.ts';
import { elements, type Input } from '../inputs.ts';

/** A library on one device, with arrays of type A. */
export interface Library<A> {
  /** Name and version, such as `onnxruntime-node 1.30.0`. */
  readonly version: string;
  /** What it runs on, for people. */
  readonly device: string;
  /** The case's program; undefined if it has none for this library. */
  program(example: Case): Body<A> | undefined;
  upload(data: Float32Array | Int32Array, input: Input): A;
  /** The function as users would call it many times; it leaves its operands alive. */
  compile(f: (...xs: readonly A[]) => A | readonly A[]): (xs: readonly A[]) => Results<A>;
  /** Resolves when results are computed. */
  wait(results: readonly A[]): Promise<void>;
  read(result: A): Promise<ArrayLike<number>>;
  release(array: A): void;
}

type Results<A> = readonly A[] | Promise<readonly A[]>;

/** A library of which only its cases' runs are to be seen. */
export interface Contestant {
  readonly version: string;
  readonly device: string;
  /** @throws {@link Unable} with the reason if the library cannot take part in the case. */
  prepare(example: Case): Promise<Prepared>;
}

/** A case with its operands in place. */
export interface Prepared {
  /** Runs the case once and resolves when it is computed. */
  run(): Promise<Run>;
  release(): void;
}

/** What a run gave. */
export interface Run {
  digests(): Promise<readonly Digest[]>;
  release(): void;
}

/** What goes for a list may be one. */
export const listOf = <A>(results: A | readonly A[]): readonly A[] =>
  Array.isArray(results) ? (results as readonly A[]) : [results as A]; // No array type is a JavaScript array.

/** The contestant that runs cases on this library. */
export const contestant = <A>(library: Library<A>): Contestant => ({
  version: library.version,
  device: library.device,
  prepare: (example) => prepare(library, example),
});

/** Nothing beside the function. */
const plain = { setup: undefined, show: undefined };

async function prepare<A>(library: Library<A>, example: Case): Promise<Prepared> {
  const body = library.program(example);
  if (body === undefined) throw new Unable('no program');
  const inputs = example.inputs.map((input, i) => library.upload(elements(input, i), input));
  const { setup, f, show } = typeof body === 'function' ? { ...plain, f: body } : body;
  const operands = setup === undefined ? inputs : await setup(...inputs);
  await library.wait(operands);
  const call = library.compile(f);
  const run = runOnce(library, example, operands, call);
  return {
    async run() {
      const results = await run();
      return {
        async digests() {
          const digests: Digest[] = [];
          for (const result of results) {
            digests.push(digest(await library.read(show?.(result) ?? result)));
          }
          return digests;
        },
        release() {
          for (const result of results) library.release(result);
        },
      };
    },
    release() {
      for (const array of new Set([...inputs, ...operands])) library.release(array);
    },
  };
}

/** One run of the case: its results, computed; all but the last call's are released. */
function runOnce<A>(
  library: Library<A>,
  { calls, reads = false }: Case,
  operands: readonly A[],
  call: (xs: readonly A[]) => Results<A>,
): () => Promise<readonly A[]> {
  const once = async (): Promise<readonly A[]> => {
    const pending = call(operands);
    const results = pending instanceof Promise ? await pending : pending;
    if (reads) for (const result of results) await library.read(result);
    else await library.wait(results);
    return results;
  };
  if (calls === undefined) return once;
  const queued = async (): Promise<readonly A[]> => {
    const all: (readonly A[])[] = [];
    for (let i = 0; i < calls.count; i++) {
      const pending = call(operands);
      all.push(pending instanceof Promise ? await pending : pending);
    }
    await library.wait(all.flat());
    for (const results of all.slice(1)) for (const result of results) library.release(result);
    return all[0] ?? [];
  };
  const chained = async (): Promise<readonly A[]> => {
    let last: readonly A[] = [];
    for (let i = 0; i < calls.count; i++) {
      const pending = call(i === 0 ? operands : [...last, ...operands.slice(last.length)]);
      const results = pending instanceof Promise ? await pending : pending;
      for (const result of last) library.release(result);
      last = results;
    }
    await library.wait(last);
    return last;
  };
  return calls.kind === 'queued' ? queued : chained;
}
