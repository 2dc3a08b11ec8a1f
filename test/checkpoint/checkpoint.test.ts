/**
 * Saving, listing, pruning and loading checkpoints, and what survives when the process is killed.
 */
import { fork, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Checkpoint,
  latestCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from '../../training/checkpoint/checkpoint.ts';
import { encodeSafetensors, writeSafetensors } from '../../training/checkpoint/safetensors.ts';
import { codeOf } from './code-of.ts';

const test = suite('checkpoint');
let folder = '';
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enerjax-checkpoint-'));
});
test.after.each(() => rm(folder, { recursive: true }));

const content = (step: number): Checkpoint => ({
  tensors: {
    'params/linear/kernel': {
      dtype: 'float32',
      shape: [2, 3],
      data: new Float32Array([1, 2, 3, 4, NaN, -0]),
    },
    'params/linear/index': { dtype: 'int32', shape: [2], data: new Int32Array([-1, 5]) },
    'optimizer/0/count': { dtype: 'uint32', shape: [], data: new Uint32Array([step]) },
    'params/half': { dtype: 'float16', shape: [2], data: new Uint16Array([0x3c00, 0x7e01]) },
    'params/brain': { dtype: 'bfloat16', shape: [1, 2], data: new Uint16Array([0x3f80, 0xff81]) },
    'params/bytes': { dtype: 'uint8', shape: [3], data: new Uint8Array([0, 128, 255]) },
    'params/small': { dtype: 'int8', shape: [1], data: new Int8Array([-128]) },
    'params/short': { dtype: 'int16', shape: [1], data: new Int16Array([-300]) },
    'params/words': { dtype: 'uint16', shape: [1], data: new Uint16Array([65535]) },
    'params/mask': { dtype: 'bool', shape: [3], data: new Uint8Array([1, 0, 1]) },
  },
  metadata: { step: String(step), config: JSON.stringify({ rate: 5e-4 }) },
});

const names = async (): Promise<string[]> => (await readdir(folder)).sort();

for (const [form, name] of [
  ['file', '7.safetensors'],
  ['folder', '7'],
] as const) {
  test(`what is saved in a ${form} is loaded bit for bit`, async () => {
    const path = join(folder, 'runs', 'first', name);
    await saveCheckpoint(path, content(7));
    const loaded = await loadCheckpoint(path);
    assert.equal(loaded.metadata, content(7).metadata);
    assert.equal(Object.keys(loaded.tensors).sort(), Object.keys(content(7).tensors).sort());
    for (const [key, tensor] of Object.entries(content(7).tensors)) {
      const found = loaded.tensors[key];
      assert.is(found?.dtype, tensor.dtype);
      assert.equal(found?.shape, tensor.shape);
      assert.is(found?.data.constructor, tensor.data.constructor);
      // Spread, because typed arrays are compared by ===, under which NaN is not NaN.
      assert.equal([...(found?.data ?? [])], [...tensor.data]);
    }
    assert.ok(Object.is(loaded.tensors['params/linear/kernel']?.data[5], -0));
  });
}

test('the same content makes the same file', async () => {
  await saveCheckpoint(join(folder, '1.safetensors'), content(1));
  const { tensors, metadata } = content(1);
  const reversed = Object.fromEntries(Object.entries(tensors).reverse());
  await saveCheckpoint(join(folder, '2.safetensors'), { tensors: reversed, metadata });
  const [a, b] = await Promise.all(
    ['1', '2'].map((step) => readFile(join(folder, `${step}.safetensors`))),
  );
  assert.ok(a !== undefined && b !== undefined && a.equals(b));
});

test('a view into a larger buffer is saved alone', async () => {
  const data = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
  const tensors = { w: { dtype: 'float32', shape: [2], data } } as const;
  await saveCheckpoint(join(folder, '1.safetensors'), { tensors, metadata: {} });
  const loaded = await loadCheckpoint(join(folder, '1.safetensors'));
  assert.equal([...(loaded.tensors.w?.data ?? [])], [1, 2]);
});

test('checkpoints are listed by step, in numbers, and nothing else is', async () => {
  for (const step of [10, 9, 100]) {
    await saveCheckpoint(join(folder, `${step}.safetensors`), content(step));
  }
  await saveCheckpoint(join(folder, '50'), content(50));
  await writeFile(join(folder, 'metrics.jsonl'), '');
  await writeFile(join(folder, '.200.safetensors.1@elsewhere.0123abcd.tmp'), '');
  assert.equal(
    (await listCheckpoints(folder)).map(({ step }) => step),
    [9, 10, 50, 100],
  );
  assert.is((await latestCheckpoint(folder))?.path, join(folder, '100.safetensors'));
  assert.is(await latestCheckpoint(join(folder, 'nowhere')), null);
});

test('keepLast removes the oldest, spares keepEvery, and never the one just saved', async () => {
  for (let step = 1; step <= 6; step++) {
    const options = { keepLast: 2, keepEvery: 2 };
    await saveCheckpoint(join(folder, `${step}.safetensors`), content(step), options);
  }
  assert.equal(
    await names(),
    [2, 4, 5, 6].map((step) => `${step}.safetensors`),
  );
  await saveCheckpoint(join(folder, '3'), content(3), { keepLast: 1 });
  assert.equal(await names(), ['3', '6.safetensors']);
});

test('when saving fails nothing is removed and nothing is left behind', async () => {
  await saveCheckpoint(join(folder, '1.safetensors'), content(1));
  const tensors = { w: { dtype: 'float32', shape: [3], data: new Float32Array(2) } } as const;
  for (const name of ['2.safetensors', '2', '1.safetensors']) {
    const save = () =>
      saveCheckpoint(join(folder, name), { tensors, metadata: {} }, { keepLast: 1 });
    assert.is(await codeOf(save), 'host-tensor-mismatch');
  }
  assert.equal(await names(), ['1.safetensors']);
  assert.is((await loadCheckpoint(join(folder, '1.safetensors'))).metadata.step, '1');
});

test('a folder checkpoint carries other files inside itself, and is not overwritten', async () => {
  const path = join(folder, '5');
  const files = { 'assets/libero/norm_stats.json': '{"mean":[0]}', raw: Uint8Array.of(1, 2) };
  await saveCheckpoint(path, content(5), { files });
  const stats = await readFile(join(path, 'assets/libero/norm_stats.json'), 'utf8');
  assert.is(stats, '{"mean":[0]}');
  assert.is(await codeOf(() => saveCheckpoint(path, content(5))), 'checkpoint-exists');
  for (const name of ['../outside', '/outside', 'a/../../outside']) {
    const save = () => saveCheckpoint(join(folder, '6'), content(6), { files: { [name]: '' } });
    assert.is(await codeOf(save), 'path-outside-folder');
  }
  assert.equal(await names(), ['5']);
});

test('a released model’s folder is loaded, sharded or not', async () => {
  const tensor = { dtype: 'BF16', shape: [1], bytes: Uint8Array.of(0x80, 0x3f) } as const;
  const one = { dtype: 'bfloat16', shape: [1], data: new Uint16Array([0x3f80]) };
  const single = join(folder, 'single');
  await mkdir(single);
  await writeFile(join(single, 'model.safetensors'), encodeSafetensors({ w: tensor }));
  assert.equal((await loadCheckpoint(single)).tensors.w, one);

  const sharded = join(folder, 'sharded');
  await writeSafetensors(join(sharded, 'model-00001-of-00001.safetensors'), { w: tensor });
  const index = { weight_map: { w: 'model-00001-of-00001.safetensors' } };
  await writeFile(join(sharded, 'model.safetensors.index.json'), JSON.stringify(index));
  assert.equal((await loadCheckpoint(sharded)).tensors.w, one);

  assert.is(await codeOf(() => loadCheckpoint(folder)), 'checkpoint-not-found');
  assert.is(await codeOf(() => loadCheckpoint(join(folder, '9'))), 'checkpoint-not-found');
});

test('a process killed while it replaces a checkpoint leaves the old one as it was', async () => {
  const path = join(folder, '1.safetensors');
  await saveCheckpoint(path, content(1));
  const old = await readFile(path);
  const program = fileURLToPath(new URL('die-midway.ts', import.meta.url));
  const child = spawnSync(process.execPath, ['--import', 'tsx', program, path]);
  assert.is(child.signal, 'SIGKILL');
  assert.ok(old.equals(await readFile(path)));
  assert.is((await names()).length, 2, 'the half that was written has another name');
  await saveCheckpoint(path, content(1), { keepLast: 1 });
  assert.equal(await names(), ['1.safetensors'], 'and is cleared by the next pruning');
});

test('pruning clears what a dead process of the same number left, and nothing else', async () => {
  const mine = `.1.safetensors.${process.pid}@${hostname()}.0123abcd.tmp`;
  const parents = `.1.safetensors.${process.ppid}@${hostname()}.0123abcd.tmp`;
  const elsewhere = `.1.safetensors.${process.pid}@another.${hostname()}.0123abcd.tmp`;
  for (const name of [mine, parents, elsewhere]) await writeFile(join(folder, name), '');
  await saveCheckpoint(join(folder, '1.safetensors'), content(1), { keepLast: 1 });
  assert.equal(await names(), [elsewhere, parents, '1.safetensors'].sort());
});

/**
 * Kills a program that saves checkpoints for ever, `delay` ms after its `saves`-th; resolves to the
 * last step it reported.
 */
function killWriter(form: string, saves: number, delay: number): Promise<number> {
  const program = fileURLToPath(new URL('write-forever.ts', import.meta.url));
  const child = fork(program, [folder, form], { execArgv: ['--import', 'tsx'] });
  let saved = 0;
  let reports = 0;
  child.on('message', (step) => {
    saved = Number(step);
    reports += 1;
    if (reports === saves) setTimeout(() => child.kill('SIGKILL'), delay);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(saved);
      else reject(new Error(`the writer stopped by itself, with code ${code}`));
    });
  });
}

for (const form of ['file', 'folder']) {
  test(`a killed writer of ${form} checkpoints leaves whole ones`, async () => {
    for (const delay of [0, 1, 3]) {
      const saved = await killWriter(form, 3, delay);
      const all = await listCheckpoints(folder);
      const latest = all.at(-1);
      assert.ok(latest !== undefined && latest.step >= saved, 'what was reported saved is there');
      for (const { step, path } of all) {
        const { tensors, metadata } = await loadCheckpoint(path);
        assert.is(metadata.step, String(step));
        assert.is(Object.keys(tensors).length, 100);
        for (const { data } of Object.values(tensors)) {
          assert.ok(data.every((value) => value === step));
        }
      }
    }
    const step = ((await latestCheckpoint(folder))?.step ?? 0) + 1;
    await saveCheckpoint(join(folder, `${step}.safetensors`), content(step), { keepLast: 1 });
    assert.equal(await names(), [`${step}.safetensors`], 'pruning clears what was left behind');
  });
}

test.run();
