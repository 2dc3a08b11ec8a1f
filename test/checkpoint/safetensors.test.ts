/** Reading and writing files of tensors. */
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromRaw as valuesOf } from '../../core/base/half.ts';
import { np } from '../../index.ts';
import type { ByteSource } from '../../training/checkpoint/byte-source.ts';
import {
  encodeSafetensors,
  openSafetensors,
  writeSafetensors,
} from '../../training/checkpoint/safetensors.ts';
import { openSharded } from '../../training/checkpoint/sharded.ts';
import {
  asBool,
  asInt32,
  asUint8,
  asUint32,
  fromHostTensor,
  type RawTensor,
  toFloat32,
  toHostTensor,
} from '../../training/checkpoint/tensor.ts';
import { codeOf } from './code-of.ts';

const test = suite('safetensors');
const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const fromPython = pathOf('fixtures/from-python.safetensors');

let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enerjax-safetensors-'));
});
test.after(() => rm(folder, { recursive: true }));

const floats = (...values: number[]): RawTensor => ({
  dtype: 'F32',
  shape: [values.length],
  bytes: new Uint8Array(new Float32Array(values).buffer),
});

async function readAll(source: string | Uint8Array): Promise<Record<string, RawTensor>> {
  const file = await openSafetensors(source);
  const tensors: [string, RawTensor][] = [];
  for (const name of file.entries.keys()) tensors.push([name, await file.read(name)]);
  await file.close();
  return Object.fromEntries(tensors);
}

test('every dtype that Python wrote is read exactly', async () => {
  const file = await openSafetensors(fromPython);
  const host = async (name: string) => {
    const { data, dtype } = toHostTensor(await file.read(name));
    return [...valuesOf(data, dtype)];
  };
  assert.equal(await host('f32'), [1.5, -2, Math.fround(0.1), Infinity, -0, Math.fround(1e-40)]);
  assert.equal(await host('f16'), [1, -65504, 2 ** -24, Infinity]);
  assert.equal(await host('bf16'), [1, -3.140625, 0x96 * 2 ** 119]);
  assert.equal(await host('f64'), [Math.fround(Math.PI)]);
  assert.equal(await host('i64'), [-(2 ** 31), 2 ** 31 - 1]);
  assert.equal(await host('i32'), [-(2 ** 31), 7]);
  assert.equal(await host('i16'), [-32768, 32767, 3]);
  assert.equal(await host('i8'), [-128, 127, 1]);
  assert.equal(await host('u64'), [2 ** 32 - 1]);
  assert.equal(await host('u32'), [2 ** 32 - 1, 0]);
  assert.equal(await host('u16'), [65535]);
  assert.equal(await host('u8'), [255, 0, 128]);
  assert.equal(await host('bool'), [1, 0, 1]);
  assert.equal(await host('scalar'), [2.5]);
  assert.equal(await host('größe/\u{1f600}'), [1]);
  assert.equal(file.metadata, { format: 'np' });
  assert.equal(file.entries.get('f32')?.shape, [2, 3]);
  assert.equal(file.entries.get('scalar')?.shape, []);
  assert.equal((await file.read('empty')).bytes.length, 0);
  await file.close();
});

test('tensors keep their types on the way to the host and back', async () => {
  const file = await openSafetensors(fromPython);
  const types = { f64: 'float32', i64: 'int32', u64: 'uint32' } as const;
  const same = {
    f32: 'float32',
    f16: 'float16',
    bf16: 'bfloat16',
    i32: 'int32',
    i16: 'int16',
    i8: 'int8',
    u32: 'uint32',
    u16: 'uint16',
    u8: 'uint8',
    bool: 'bool',
  } as const;
  for (const [name, dtype] of Object.entries(types)) {
    assert.is(toHostTensor(await file.read(name)).dtype, dtype);
  }
  for (const [name, dtype] of Object.entries(same)) {
    const raw = await file.read(name);
    const host = toHostTensor(raw);
    assert.is(host.dtype, dtype);
    assert.is(host.data.buffer, raw.bytes.buffer, 'no copy');
    assert.equal(fromHostTensor(name, host), raw);
    const array = np.fromRaw(host.data, { dtype, shape: host.shape });
    assert.equal(await array.rawData(), host.data);
  }
  await file.close();
});

test('writing the tensors of a file that Python wrote makes the same bytes', async () => {
  const tensors = await readAll(fromPython);
  const shuffled = Object.fromEntries(Object.entries(tensors).reverse());
  const bytes = encodeSafetensors(shuffled, { format: 'np' });
  assert.ok(Buffer.from(bytes).equals(await readFile(fromPython)));
});

test('a streamed file has the same bytes as an encoded one', async () => {
  const path = join(folder, 'streamed.safetensors');
  const tensors = { b: floats(1, 2, 3), a: floats(4) };
  const late = { ...tensors.a, bytes: () => Promise.resolve(tensors.a.bytes) };
  const inPieces = {
    ...tensors.b,
    bytes: async function* () {
      yield tensors.b.bytes.subarray(0, 5);
      yield tensors.b.bytes.subarray(5);
    },
  };
  await writeSafetensors(path, { b: inPieces, a: late }, { z: '1', step: '7' });
  const expected = encodeSafetensors(tensors, { step: '7', z: '1' });
  assert.ok(Buffer.from(expected).equals(await readFile(path)));
  assert.is(expected.length % 4, 0);
});

test('streaming asks for the bytes of one tensor at a time', async () => {
  const log: string[] = [];
  const late = (name: string) => ({
    dtype: 'F32' as const,
    shape: [1],
    bytes: async function* () {
      log.push(`${name} begins`);
      yield new Uint8Array(4);
      log.push(`${name} ends`);
    },
  });
  await writeSafetensors(join(folder, 'turns.safetensors'), { b: late('b'), a: late('a') });
  assert.equal(log, ['a begins', 'a ends', 'b begins', 'b ends']);
});

test('a path, bytes, a blob and a file handle read the same', async () => {
  const bytes = await readFile(fromPython);
  const handle = await open(fromPython);
  for (const source of [fromPython, new Uint8Array(bytes), new Blob([bytes]), handle]) {
    const file = await openSafetensors(source);
    assert.equal([...toFloat32(await file.read('bf16'))], [1, -3.140625, 0x96 * 2 ** 119]);
    await file.close();
  }
  assert.ok((await handle.stat()).size > 0, 'the handle is still open: it is the caller’s');
  await handle.close();
});

test('opening reads the header only, and reading a tensor its bytes only', async () => {
  const bytes = encodeSafetensors({ a: floats(1, 2), b: floats(3, 4, 5) });
  const reads: [number, number][] = [];
  const source: ByteSource = {
    name: 'counted',
    size: bytes.length,
    read: async (offset, into) => {
      reads.push([offset, into.length]);
      into.set(bytes.subarray(offset, offset + into.length));
    },
    close: async () => {},
  };
  const file = await openSafetensors(source);
  const dataStart = bytes.length - 20;
  assert.ok(reads.every(([offset, length]) => offset + length <= dataStart));
  reads.length = 0;
  await file.read('b');
  assert.equal(reads, [[dataStart + 8, 12]]);
});

test('pieces of a tensor join to the tensor', async () => {
  const file = await openSafetensors(encodeSafetensors({ a: floats(0), w: floats(1, 2, 3) }));
  const pieces: Uint8Array[] = [];
  for await (const piece of file.pieces('w', 5)) pieces.push(piece);
  assert.equal(
    pieces.map((piece) => piece.length),
    [5, 5, 2],
  );
  assert.ok(Buffer.concat(pieces).equals((await file.read('w')).bytes));
});

test('a header that is not padded to 8 bytes is read, as Python reads it', async () => {
  const header = Buffer.from('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  assert.is.not(header.length % 4, 0);
  const data = new Uint8Array(new Float32Array([2.5]).buffer);
  const file = await openSafetensors(new Uint8Array(Buffer.concat([length, header, data])));
  assert.equal([...toFloat32(await file.read('w'))], [2.5]);
});

test('typed views share the bytes, and refuse another dtype', async () => {
  const bytes = new Uint8Array(8);
  assert.is(asInt32({ dtype: 'I32', shape: [2], bytes }).buffer, bytes.buffer);
  assert.is(asUint32({ dtype: 'U32', shape: [2], bytes }).buffer, bytes.buffer);
  assert.is(asUint8({ dtype: 'U8', shape: [8], bytes }), bytes);
  assert.is(asBool({ dtype: 'BOOL', shape: [8], bytes }), bytes);
  assert.is(toFloat32({ dtype: 'F32', shape: [2], bytes }).buffer, bytes.buffer);
  const odd = bytes.subarray(1, 5);
  assert.is(asInt32({ dtype: 'I32', shape: [1], bytes: odd }).length, 1);
  assert.is(
    await codeOf(() => toFloat32({ dtype: 'I32', shape: [2], bytes })),
    'tensor-dtype-mismatch',
  );
});

test('every 16-bit float widens to the value that its bits say', () => {
  const bits = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
  const wide = toFloat32({ dtype: 'F16', shape: [1 << 16], bytes: new Uint8Array(bits.buffer) });
  assert.is(wide[0x3c00], 1);
  assert.is(wide[0x3555], 0.333251953125);
  assert.is(wide[0x03ff], 1023 * 2 ** -24);
  assert.ok(Object.is(wide[0x8000], -0));
  assert.is(wide[0xfc00], -Infinity);
  assert.ok(Number.isNaN(wide[0x7e00]));
  for (let i = 1; i < 0x7c00; i++) assert.ok((wide[i] ?? 0) > (wide[i - 1] ?? 0));
});

test('a failed write leaves the old file and no temporary one', async () => {
  const inside = await mkdtemp(join(folder, 'failing-'));
  const path = join(inside, 'model.safetensors');
  await writeSafetensors(path, { w: floats(1) });
  const short = { dtype: 'F32', shape: [2], bytes: new Uint8Array(4) } as const;
  assert.is(
    await codeOf(() => writeSafetensors(path, { w: short })),
    'safetensors-wrong-byte-count',
  );
  const failing = { ...short, bytes: () => Promise.reject(new Error('device lost')) };
  await assertRejects(() => writeSafetensors(path, { w: failing }), /device lost/);
  assert.equal(await readdir(inside), ['model.safetensors']);
  assert.equal([...toFloat32((await readAll(path)).w ?? floats())], [1]);
});

async function assertRejects(run: () => Promise<unknown>, message: RegExp): Promise<void> {
  let caught = '';
  await run().catch((error: Error) => {
    caught = error.message;
  });
  assert.match(caught, message);
}

test('a sharded model reads as one', async () => {
  const shards = await mkdtemp(join(folder, 'shards-'));
  await writeSafetensors(join(shards, 'model-1.safetensors'), { a: floats(1) }, { format: 'pt' });
  await writeSafetensors(join(shards, 'model-2.safetensors'), { b: floats(2, 3) });
  const index = join(shards, 'model.safetensors.index.json');
  const map = (weight_map: unknown): Promise<void> =>
    writeFile(index, JSON.stringify({ metadata: { total_size: 12 }, weight_map }));

  await map({ b: 'model-2.safetensors', a: 'model-1.safetensors' });
  const file = await openSharded(index);
  assert.equal([...file.entries.keys()], ['b', 'a']);
  assert.equal([...toFloat32(await file.read('b'))], [2, 3]);
  assert.is(await codeOf(() => file.read('c')), 'tensor-not-in-file');
  await file.close();

  await map({ b: '../model-2.safetensors' });
  assert.is(await codeOf(() => openSharded(index)), 'path-outside-folder');
  await map({ b: 'model-1.safetensors' });
  assert.is(await codeOf(() => openSharded(index)), 'shard-index-wrong');
  await map({ b: 'model-3.safetensors' });
  assert.is(await codeOf(() => openSharded(index)), 'checkpoint-not-found');
  await map(['b']);
  assert.is(await codeOf(() => openSharded(index)), 'shard-index-wrong');
});

test('the golden file of the energy model is read', async () => {
  const file = await openSafetensors(pathOf('../golden/energy_small.safetensors'));
  assert.is(file.entries.size, 111);
  assert.equal(file.entries.get('in/h'), {
    ...file.entries.get('in/h'),
    dtype: 'F32',
    shape: [4, 12, 24],
  });
  const energy = toFloat32(await file.read('out/energy'));
  assert.ok(energy.length === 4 && energy.every((e) => e > 0.8 && e < 1.3));
  const [ePos = NaN] = toFloat32(await file.read('out/e_pos'));
  const pairs = toFloat32(await file.read('out/e_ij'));
  const diagonal = [0, 5, 10, 15].reduce((sum, i) => sum + (pairs[i] ?? NaN), 0) / 4;
  assert.ok(Math.abs(diagonal - ePos) < 1e-6, 'E_pos is the mean of the diagonal of E_ij');
  assert.ok(asUint8(await file.read('in/pad_mask')).every((m) => m === 0 || m === 1));
  await file.close();
});

test.run();
