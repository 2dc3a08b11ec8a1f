import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const project = fileURLToPath(new URL('../..', import.meta.url));

type Files = Readonly<Record<string, string>>;

/** A small house in which every import goes down. */
const house: Files = {
  'core/base/aval.ts': 'export interface Aval { readonly shape: number[] }\n',
  'core/ir/program.ts':
    "import type { Aval } from '../base/aval.ts';\nimport type { Rule } from './rule.ts';\n" +
    'export type Program = { inputs: Aval[]; rule: Rule };\n',
  // Types of one layer may refer to each other.
  'core/ir/rule.ts':
    "import type { Program } from './program.ts';\nexport type Rule = (program: Program) => void;\n",
  'core/host/webgpu.ts':
    "import type { Program } from '../ir/program.ts';\n" +
    "export const load = async (_: Program) => [await import('webgpu'), await import('node:fs')];\n",
  'core/random.ts': "export { load } from './host/webgpu.ts';\nexport const key = 1;\n",
  'transforms/jit.ts': "export { key } from '../core/random.ts';\n",
  'transforms/source/plugin.ts': "export { parse } from 'acorn';\n",
  'training/loop.ts':
    "export { key } from '../transforms/jit.ts';\nexport * as v from 'valibot';\n",
  'index.ts': "export { key } from './transforms/jit.ts';\n",
  'bin/cli.ts':
    "import { key } from '../index.ts';\nimport { join } from 'node:path';\njoin(`${key}`);\n",
};

/** Exit status and complaints of the project's own layer rules over these files. */
function gate(files: Files): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'enerjax-layers-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
    symlinkSync(join(project, 'package.json'), join(folder, 'package.json'));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(project, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
        '--config',
        join(project, '.dependency-cruiser.cjs'),
        '.',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    return { status, output: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a house whose imports all go down passes', () => {
  const { status, output } = gate(house);
  assert.is(status, 0, output);
});

/** Files that break one rule each; the first file of a row is the one to be blamed. */
const violations: Readonly<Record<string, Files>> = {
  'upward from core/base': { 'core/base/up.ts': "export { load } from '../host/webgpu.ts';\n" },
  'upward from core/ir': {
    'core/ir/up.ts': "import type { k } from '../compile/fuse.ts';\nexport type K = k;\n",
    'core/compile/fuse.ts': 'export type k = 1;\n',
  },
  'upward from core/host': { 'core/host/up.ts': "export { key } from '../random.ts';\n" },
  'upward from core (array API)': {
    'core/up.ts': "export const later = () => import('../transforms/jit.ts');\n",
  },
  'upward from training': { 'training/up.ts': "export { key } from '../index.ts';\n" },
  cycle: {
    'nn/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
    'nn/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
  },
  unresolved: { 'nn/unresolved.ts': "import './missing.ts';\n" },
  'node in a library': { 'core/emit/node.ts': "export const fs = () => import('node:fs');\n" },
  'package in a library': { 'nn/package.ts': "export { parse } from 'valibot';\n" },
  'package in the host': { 'core/host/package.ts': "export const v = () => import('valibot');\n" },
  'eager host import': { 'core/host/eager.ts': "export { create } from 'webgpu';\n" },
  'development package in shipped code': {
    'training/development.ts': "export { Scene } from 'three';\n",
  },
};

const planted = gate(Object.assign({}, house, ...Object.values(violations)));

test('planted violations fail the gate, each for its own reason only', () => {
  assert.is.not(planted.status, 0);
  assert.is(
    planted.output.match(/error /g)?.length,
    Object.keys(violations).length,
    planted.output,
  );
});

for (const [rule, files] of Object.entries(violations)) {
  test(`a planted violation of '${rule}' is caught`, () => {
    assert.match(planted.output, `error ${rule}: ${Object.keys(files)[0]}`);
  });
}

test.run();
