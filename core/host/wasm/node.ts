/** Modules of Node, without importing them: in a browser there are none. */

interface Thread {
  postMessage(message: unknown): void;
  unref(): void;
  on(event: 'error', listener: (error: Error) => void): void;
  terminate(): Promise<number>;
}

interface NodeModules {
  'node:worker_threads': {
    readonly Worker: new (source: string, options: object) => Thread;
    readonly isMainThread: boolean;
  };
  'node:v8': { setFlagsFromString(flags: string): void };
  'node:vm': { runInNewContext(code: string): unknown };
  'node:os': { availableParallelism(): number };
}

/** A running worker thread. */
export type { Thread };

/** A module of Node; null elsewhere. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | null {
  const host: { process?: { getBuiltinModule?: (name: string) => unknown } } = globalThis;
  const found = host.process?.getBuiltinModule?.(name);
  // Node's documentation gives these modules the members listed above.
  return found === undefined ? null : (found as NodeModules[Name]);
}
