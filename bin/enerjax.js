#!/usr/bin/env node
// Starts the command-line program: the built one, or in a source checkout the TypeScript through tsx.
import { existsSync } from 'node:fs';

const built = new URL('../dist/bin/cli.js', import.meta.url);
const source = new URL('./cli.ts', import.meta.url);

if (existsSync(built)) {
  await import(built.href);
} else if (existsSync(source)) {
  const { register } = await import('tsx/esm/api');
  register();
  await import(source.href);
} else {
  console.error(
    'enerjax: found neither the built program (dist/bin/cli.js) nor its source (bin/cli.ts).\n' +
      'fix: reinstall the package, or in a source checkout run `npm install && npm run build`',
  );
  process.exitCode = 1;
}
