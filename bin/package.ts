/** What the command line knows about the package that it belongs to. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of package.json: one level up from the source, two from the built program. */
function packageFolder(): URL {
  for (const up of ['../', '../../']) {
    const folder = new URL(up, import.meta.url);
    if (existsSync(new URL('package.json', folder))) return folder;
  }
  throw new Error(`no package.json above ${import.meta.url}: reinstall the package`);
}

/** The version in package.json. */
export function packageVersion(): string {
  const text = readFileSync(new URL('package.json', packageFolder()), 'utf8');
  const { version } = JSON.parse(text) as { version: string }; // npm refuses packages without one.
  return version;
}

/** The demonstrations of a source checkout, wherever it is; null in an installed package. */
export function bundledData(): string | null {
  const folder = new URL('examples/data/tabletop', packageFolder());
  return existsSync(folder) ? fileURLToPath(folder) : null;
}
