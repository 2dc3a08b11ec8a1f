/** Which functions of the array API have recordings of what JAX gives. */
import { readdirSync, readFileSync } from 'node:fs';
import * as api from '../../index.ts';

const folder = new URL('../golden/', import.meta.url);

/** A recording, of which only names matter here. */
interface Recording {
  readonly cases?: readonly { readonly fn: string }[];
  readonly entries?: readonly { readonly primitive: string }[];
  readonly losses?: object;
  readonly activations?: object;
  readonly normalised?: object;
}

const camel = (name: string): string =>
  name.replace(/(?<=.)_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The public names of functions that a recording has. */
function namesIn(file: string): string[] {
  const recording: Recording = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  const cases = (recording.cases ?? []).map(({ fn }) => fn);
  if (file === 'numpy.json') return cases.map((fn) => `np.${fn}`);
  if (file === 'jax_random.json') return cases.map((fn) => `random.${camel(fn)}`);
  if (file === 'primitives.json') {
    return (recording.entries ?? []).map(({ primitive }) => `lax.${primitive}`);
  }
  const { losses = {}, activations = {}, normalised = {} } = recording;
  const ofNetworks = [losses, activations, normalised].flatMap((part) => Object.keys(part));
  return [...cases, ...ofNetworks.map((name) => `nn.${name}`)];
}

/** What the compositions in namespaces.ts test. */
const compositions: Readonly<Record<string, string>> = {
  'extra.fft': 'np.fft.fft',
  'extra.ifft': 'np.fft.ifft',
  'extra.irfft': 'np.fft.irfft',
  'extra.ifft2': 'np.fft.ifft2',
  'extra.eighRebuilt': 'np.linalg.eigh',
  'extra.svdRebuilt': 'np.linalg.svd',
  'extra.onGrid': 'scipy.interpolate.regularGridInterpolator',
  'extra.density': 'scipy.stats.gaussianKde',
};

/** All of them. */
export const recordedNames = (): Set<string> =>
  new Set(
    readdirSync(folder)
      .filter((file) => file.endsWith('.json') && file !== 'jax-names.json')
      .flatMap(namesIn)
      .map((name) => compositions[name] ?? name.replace(/^extra\./, '').replace(/\$.*/, '')),
  );

const spaces = {
  np: api.np,
  lax: api.lax,
  nn: api.nn,
  image: api.image,
  random: api.random,
  scipy: api.scipy,
};

type Entry = readonly [name: string, value: unknown];

const isClass = (value: unknown): boolean =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

function entriesOf(name: string, space: object): Entry[] {
  return Object.entries(space).flatMap(([key, value]): Entry[] => {
    const own = `${name}.${key}`;
    if (typeof value === 'function') return isClass(value) ? [] : [[own, value]];
    const isSpace = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isSpace ? entriesOf(own, value) : [];
  });
}

/** The exported functions of the array API that no recording names, aliases of recorded ones aside. */
export function unrecorded(): string[] {
  const recorded = recordedNames();
  const entries = Object.entries(spaces).flatMap(([name, space]) => entriesOf(name, space));
  const covered = new Set(entries.filter(([name]) => recorded.has(name)).map(([, value]) => value));
  return entries.filter(([, value]) => !covered.has(value)).map(([name]) => name);
}
