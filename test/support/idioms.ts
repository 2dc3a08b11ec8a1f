/** The lines of docs/for-jax-users.md that say one thing in JAX's words and in ours. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './examples.ts';

/** One line of the translation. */
export interface Idiom {
  /** The line of the page, counted from 1. */
  readonly line: number;
  readonly jax: string;
  readonly ours: string;
}

/** The translations, and the TypeScript block that comes before them. */
export interface Idioms {
  readonly prelude: string;
  readonly rows: readonly Idiom[];
}

/** What the page holds. */
export function readIdioms(): Idioms {
  const page = readFileSync(join(root, 'docs/for-jax-users.md'), 'utf8');
  const rows = page.split('\n').flatMap((text, index): Idiom[] => {
    const [, jax, ours] = /^\| `(.+)` \| `(.+)` \|$/.exec(text) ?? [];
    return jax === undefined || ours === undefined ? [] : [{ line: index + 1, jax, ours }];
  });
  const [, prelude = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  return { prelude, rows };
}

/** A module whose default device computes every line: it exports functions by their line's name. */
export const idiomsModule = ({ prelude, rows }: Idioms): string =>
  `${prelude}\n${rows.map(({ line, ours }) => `export const line${line} = () => ${ours};`).join('\n')}\n`;
