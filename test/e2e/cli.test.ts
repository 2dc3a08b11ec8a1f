/** Whatever is wrong with a call of the command line, the answer is a few plain lines and an exit code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nn, random } from '../../index.ts';
import { energySpec } from '../../models/energy/index.ts';
import { loadCheckpoint, saveCheckpoint } from '../../training/checkpoint/checkpoint.ts';
import { energyTrainingConfig } from '../../training/energy/config.ts';
import { modelConfig, saveEnergyModel } from '../../training/energy/model-files.ts';
import { type Ending, enerjax, inProject, temporaryFolder } from './program.ts';

const { folder, remove } = temporaryFolder();
test.after(remove);

/** A checkpoint of an untrained model for actions of this width. */
async function untrained(name: string, actionDim: number, heldOut = 0.2): Promise<string> {
  const config = energyTrainingConfig({ hidden: 8, heads: 2, contextDim: 8, heldOut });
  const params = nn.initParams(energySpec(modelConfig(config, actionDim)), random.key(0));
  return saveEnergyModel(join(folder, name), { params, config, actionDim, step: 0 });
}

const good = await untrained('good', 7);

/** The good checkpoint with other text in its metadata. */
async function withMetadata(name: string, changes: Readonly<Record<string, string>>) {
  const { tensors, metadata } = await loadCheckpoint(good);
  const path = join(folder, `${name}.safetensors`);
  await saveCheckpoint(path, { tensors, metadata: { ...metadata, ...changes } });
  return path;
}

function truncated(): string {
  const path = join(folder, 'truncated.safetensors');
  writeFileSync(path, readFileSync(good).subarray(0, -100));
  return path;
}

interface Mistake {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: 1 | 2;
  readonly says: RegExp;
}

const wider = JSON.stringify(energyTrainingConfig({ hidden: 16, heads: 2, contextDim: 8 }));

const mistakes: Readonly<Record<string, Mistake>> = {
  'a command that does not exist': {
    args: ['trian'],
    code: 2,
    says: /unknown command 'trian'\n\(Did you mean train\?\)/,
  },
  'an option that does not exist': {
    args: ['train', '--stps', '3'],
    code: 2,
    says: /unknown option '--stps'\n\(Did you mean --steps\?\)/,
  },
  'a number that is none': {
    args: ['train', '--steps', 'ten'],
    code: 2,
    says: /'--steps <n>' argument 'ten' is invalid. It must be a whole number/,
  },
  'an empty number': { args: ['train', '--tau='], code: 2, says: /It must be a number/ },
  'a device that does not exist': {
    args: ['train', '--device', 'gpu'],
    code: 2,
    says: /Allowed choices are wasm, webgpu, js/,
  },
  'a device in the environment that does not exist': {
    args: ['devices'],
    env: { ENERJAX_DEVICE: 'nonsense' },
    code: 1,
    says: /no device 'nonsense' {2}\[unknown-device\]\nfix: choose 'wasm', 'webgpu' or 'js'/,
  },
  'no steps at all': {
    args: ['train', '--steps', '0'],
    code: 1,
    says: /steps must be a whole number from 1 up, but is 0 {2}\[training-config\]\nfix: /,
  },
  'everything held out': {
    args: ['train', '--held-out', '1'],
    code: 1,
    says: /heldOut must be a number from 0 up, below 1, but is 1/,
  },
  'a data set that is not there': {
    args: ['train', '--data', '/nowhere'],
    code: 1,
    says: /no folder '\/nowhere' {2}\[dataset-folder-missing\]\nfix: /,
  },
  'a folder for results that is a file': {
    args: ['train', '--episodes', '1', '--held-out', '0', '--out', good],
    code: 1,
    says: /EEXIST: file already exists.*\nfix: /,
  },
  'no checkpoint': { args: ['evaluate'], code: 2, says: /missing required argument 'checkpoint'/ },
  'a checkpoint that is not there': {
    args: ['evaluate', '/nowhere.safetensors'],
    code: 1,
    says: /\[checkpoint-not-found\]\nfix: /,
  },
  'a checkpoint that is something else': {
    args: ['evaluate', inProject('package.json')],
    code: 1,
    says: /is not a safetensors file: .*\[not-a-safetensors-file\]\nfix: /,
  },
  'a truncated checkpoint': {
    args: ['evaluate', truncated()],
    code: 1,
    says: /ends too early: .*\[safetensors-truncated\]\nfix: /,
  },
  'a checkpoint of another model': {
    args: ['evaluate', await withMetadata('kind', { kind: 'a cat classifier' })],
    code: 1,
    says: /it does not say 'enerjax energy model' {2}\[foreign-checkpoint\]\nfix: /,
  },
  'a checkpoint with a damaged configuration': {
    args: ['evaluate', await withMetadata('config', { config: '{"steps":-1}' })],
    code: 1,
    says: /steps must be a whole number from 1 up, but is -1 {2}\[foreign-checkpoint\]/,
  },
  'a checkpoint with other shapes': {
    args: ['evaluate', await withMetadata('shapes', { config: wider })],
    code: 1,
    says: /differs {2}params\/.*\n[\s\S]*\[checkpoint-mismatch\]\nfix: /,
  },
  'a checkpoint for other actions': {
    args: ['evaluate', await untrained('narrow', 6)],
    code: 1,
    says: /rates actions of 6 numbers, but those in .* have 7 {2}\[checkpoint-other-actions\]/,
  },
  'a checkpoint of a run that held nothing out': {
    args: ['evaluate', await untrained('all', 7, 0)],
    code: 1,
    says: /no episode is held out.*\[nothing-held-out\]\nfix: /,
  },
  'corrections that cannot be made': {
    args: ['evaluate', good, '--num-steps', '-1'],
    code: 1,
    says: /numSteps is -1, but must be a whole number from 0 up/,
  },
};

const noStack = ({ out, err }: Ending): void => {
  assert.not.match(out + err, /^ {4}at /m, out + err);
};

for (const [what, { args, env = {}, code, says }] of Object.entries(mistakes)) {
  test(`${what} ends with code ${code}, a sentence and no stack`, async () => {
    const ending = await enerjax(args, { env });
    assert.match(ending.err, says);
    assert.is(ending.code, code);
    noStack(ending);
  });
}

test('--version prints the version of the package', async () => {
  const { code, out } = await enerjax(['--version']);
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8')) as {
    version: string;
  };
  assert.is(out, `${version}\n`);
  assert.is(code, 0);
});

test('--help names every command in a screen', async () => {
  const { code, out } = await enerjax(['--help']);
  for (const command of ['train', 'evaluate', 'devices']) assert.match(out, `\n  ${command} `);
  assert.ok(out.split('\n').length < 24);
  assert.is(code, 0);
});

test('a call without a command prints the help and fails', async () => {
  const { code, err } = await enerjax([]);
  assert.match(err, 'Usage: enerjax');
  assert.is(code, 2);
});

test('devices lists every device of the machine', async () => {
  const { code, out } = await enerjax(['devices']);
  assert.match(out, /^wasm: WebAssembly.*\nwebgpu: .*\njs: JavaScript.*\n$/);
  assert.is(code, 0);
});

test.run();
