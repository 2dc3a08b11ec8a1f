/** The packages in `bench/node_modules`, which may not be installed. */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Unable } from '../case.ts';

const require = createRequire(new URL('../package.json', import.meta.url));

/** How to install what the benchmarks compare with. */
export const howToInstall = 'npm install --ignore-scripts --prefix bench';

/** Where a package's main file is; null if it is not installed. */
export function locate(name: string): string | null {
  try {
    return require.resolve(name);
  } catch {
    return null;
  }
}

function located(name: string): string {
  const path = locate(name);
  if (path === null) throw new Unable(`${name} is not installed: ${howToInstall}`);
  return path;
}

/** A CommonJS package, of which T says the part that is used. */
export const requirePackage = <T>(name: string): T => require(located(name)) as T;

/** An ES module of a package, of which T says the part that is used. */
export async function importPackage<T>(name: string, path: string): Promise<T> {
  located(name);
  const file = new URL(`../node_modules/${name}/${path}`, import.meta.url);
  return (await import(pathToFileURL(fileURLToPath(file)).href)) as T;
}

/** The version of an installed package. */
export function versionOf(name: string): string {
  const file = fileURLToPath(new URL(`../node_modules/${name}/package.json`, import.meta.url));
  return `${name} ${(require(file) as { version: string }).version}`;
}
