/**
 * The two kinds of failure.
 *
 * {@link EnerjaxError} is the user's: it says what happened, where, and how to fix it, and comes from a
 * catalogue entry made with {@link defineError}. {@link invariant} is ours and asks for a report.
 */
import { type CallSite, captureSite, describeSite } from './call-site.ts';

/** A mistake that the user can fix, with a stable `code`. */
export class EnerjaxError extends Error {
  override readonly name = 'EnerjaxError';
  /** Stable kebab-case identifier, listed in docs/errors.md. */
  readonly code: string;
  /** What happened: the operation by its user-facing name, then the values. */
  readonly what: string;
  /** An imperative that repairs it. */
  readonly fix: string;
  /** The user's line, or null if none was on the stack. */
  readonly site: CallSite | null;

  constructor(parts: {
    code: string;
    what: string;
    fix: string;
    site?: CallSite | null;
    cause?: unknown;
  }) {
    const site = parts.site === undefined ? captureSite() : parts.site;
    const where = site === null ? '' : describeSite(site);
    super(`${parts.what}  [${parts.code}]\n${where}fix: ${parts.fix}`, { cause: parts.cause });
    this.code = parts.code;
    this.what = parts.what;
    this.fix = parts.fix;
    this.site = site;
  }
}

/** What the documentation shows for an error: a program that raises it and one that does not. */
export interface ErrorExample {
  readonly fails: string;
  readonly works: string;
}

/** One entry of the catalogue. `Facts` are the arguments that the throw site passes. */
export interface ErrorEntry<Facts extends readonly unknown[] = never> {
  readonly code: string;
  readonly what: (...facts: Facts) => string;
  readonly fix: string | ((...facts: Facts) => string);
  /** Bodies of async functions that see the whole public API; `noExample` says why there is none. */
  readonly example: ErrorExample | { readonly noExample: string };
}

/** Where the mistake was made, when the throw site is not on the user's stack any more. */
export interface ErrorContext {
  readonly site?: CallSite | null;
  readonly cause?: unknown;
}

/** Makes the error of one catalogue entry; `at` supplies the call site or the cause. */
export interface ErrorFactory<Facts extends readonly unknown[]> {
  (...facts: Facts): EnerjaxError;
  at(context: ErrorContext, ...facts: Facts): EnerjaxError;
}

const catalogue = new Map<string, ErrorEntry>();

/**
 * A function that makes the error of this entry, to be thrown at the place of the mistake.
 *
 * @example
 * const emptyAxis = defineError({
 *   code: 'empty-axis',
 *   what: (op: string, axis: number) => `${op}: axis ${axis} is empty`,
 *   fix: 'pass an initial value',
 *   example: { fails: 'np.max(np.zeros([0]))', works: 'np.max(np.zeros([1]))' },
 * });
 * throw emptyAxis('max', 0);
 */
export function defineError<Facts extends readonly unknown[]>(
  entry: ErrorEntry<Facts>,
): ErrorFactory<Facts> {
  invariant(!catalogue.has(entry.code), `error code '${entry.code}' is defined twice`);
  catalogue.set(entry.code, entry);
  const make = (context: ErrorContext, facts: Facts): EnerjaxError =>
    new EnerjaxError({
      code: entry.code,
      what: entry.what(...facts),
      fix: typeof entry.fix === 'string' ? entry.fix : entry.fix(...facts),
      ...context,
    });
  const factory = (...facts: Facts): EnerjaxError => make({}, facts);
  return Object.assign(factory, {
    at: (context: ErrorContext, ...facts: Facts): EnerjaxError => make(context, facts),
  });
}

/** Every entry defined so far, by code. docs/errors.md is generated from this. */
export const errorCatalogue = (): ReadonlyMap<string, ErrorEntry> => catalogue;

/** Throws if a fact that this library guarantees does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) {
    throw new Error(`enerjax is at fault, please report this: ${message}`);
  }
}
