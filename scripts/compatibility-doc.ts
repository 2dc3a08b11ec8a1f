/**
 * Writes docs/compatibility.md from the code and the list of JAX's public names:
 * `npx tsx scripts/compatibility-doc.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as api from '../index.ts';
import { limits, missing, ours, reasons } from './compatibility-notes.ts';

const listed = new URL('../test/golden/jax-names.json', import.meta.url);
const page = new URL('../docs/compatibility.md', import.meta.url);

const { jax, names }: { jax: string; names: Record<string, string[]> } = JSON.parse(
  readFileSync(listed, 'utf8'),
);

const spaces: Readonly<Record<string, object>> = {
  'jax.numpy': api.np,
  'jax.numpy.linalg': api.np.linalg,
  'jax.numpy.fft': api.np.fft,
  'jax.nn': api.nn,
  'jax.random': api.random,
  'jax.lax': api.lax,
  'jax.image': api.image,
  'jax.scipy.special': api.scipy.special,
  'jax.scipy.stats': api.scipy.stats,
  'jax.scipy.linalg': api.scipy.linalg,
  'jax.scipy.optimize': api.scipy.optimize,
  'jax.scipy.signal': api.scipy.signal,
  'jax.scipy.ndimage': api.scipy.ndimage,
  'jax.scipy.interpolate': api.scipy.interpolate,
  'jax.scipy.integrate': api.scipy.integrate,
  'jax.scipy.fft': api.scipy.fft,
  'jax.scipy.cluster.vq': api.scipy.cluster.vq,
  jax: api,
  'jax.tree': api.tree,
  'jax.tree_util': api.tree,
  'jax.flatten_util': api.flattenUtil,
  'jax.debug': api.debug,
  'jax.checkpoint_policies': api.checkpointPolicies,
  'jax.custom_derivatives': api,
  'jax.custom_batching': api,
  'jax.nn.initializers': api.nn,
};

/** Whether the space has the function; stats have theirs inside the distributions. */
function has(space: object, path: string): boolean {
  const [name = '', ...rest] = path.split('.');
  if (!Object.hasOwn(space, name)) return false;
  const found: unknown = Reflect.get(space, name);
  if (rest.length === 0) return true;
  return typeof found === 'object' && found !== null && has(found, rest.join('.'));
}

/** The camel-case form of a name of Python. */
const camel = (name: string): string =>
  name.replace(/(?<=.)_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Why there is no such name. */
const reasonFor = (module: string, name: string): string =>
  missing[`${module}.${name}`] ?? reasons.find(([pattern]) => pattern.test(name))?.[1] ?? 'not yet';

/** One line of the table. */
function rowOf(module: string, name: string): { kind: 'yes' | 'limited' | 'no'; text: string } {
  const own = ours[`${module}.${name}`] ?? camel(name);
  const space = spaces[module] ?? {};
  if (!has(space, own)) {
    const reason = reasonFor(module, name);
    return { kind: 'no', text: `| \`${name}\` | – | no: ${reason} |` };
  }
  const limit = limits[`${module}.${name}`];
  return limit === undefined
    ? { kind: 'yes', text: `| \`${name}\` | \`${own}\` | yes |` }
    : { kind: 'limited', text: `| \`${name}\` | \`${own}\` | limited: ${limit} |` };
}

/** The text of docs/compatibility.md. */
export function compatibilityPage(): string {
  const sections = Object.entries(names).map(([module, list]) => {
    const rows = list.map((name) => rowOf(module, name));
    const count = (kind: string): number => rows.filter((row) => row.kind === kind).length;
    return [
      `## ${module}`,
      `${count('yes')} of ${rows.length} names, ${count('limited')} more with limits.`,
      ['| JAX | enerjax | |', '|---|---|---|', ...rows.map(({ text }) => text)].join('\n'),
    ].join('\n\n');
  });
  return `# Compatibility with JAX

<!-- Written by scripts/compatibility-doc.ts from the code and the public names of JAX ${jax}. -->

Names are those of JAX in camel case. Keyword arguments are one options object at the end.

${sections.join('\n\n')}
`;
}

/** The text that is there. */
export const presentCompatibility = (): string => readFileSync(page, 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, compatibilityPage());
