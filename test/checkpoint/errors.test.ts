/** What a user sees when a file of tensors is wrong. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCatalogue } from '../../core/base/errors.ts';
import type { ByteSource } from '../../training/checkpoint/byte-source.ts';
import { checkAgainst } from '../../training/checkpoint/check.ts';
import {
  latestCheckpoint,
  listCheckpoints,
  loadCheckpoint,
} from '../../training/checkpoint/checkpoint.ts';
import * as errors from '../../training/checkpoint/errors.ts';
import { encodeSafetensors, openSafetensors } from '../../training/checkpoint/safetensors.ts';
import {
  asInt32,
  fromHostTensor,
  type RawTensor,
  toHostTensor,
} from '../../training/checkpoint/tensor.ts';
import { codeOf, errorOf } from './code-of.ts';

const test = suite('checkpoint errors');

const api = {
  asInt32,
  checkAgainst,
  encodeSafetensors,
  fromHostTensor,
  latestCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  openSafetensors,
  toHostTensor,
};

/** Runs the body of an async function that sees the functions above. */
function runExample(body: string): Promise<unknown> {
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  return new AsyncFunction(...Object.keys(api), body)(...Object.values(api));
}

/** A file whose header is this text. */
function fileWith(header: string, dataBytes: number, claimed?: bigint): Uint8Array {
  const json = Buffer.from(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (dtype: string, shape: string, offsets: string): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

const scalar: RawTensor = { dtype: 'F32', shape: [], bytes: new Uint8Array(4) };

/** Checks the code, and that the message says what happened and how to repair it. */
async function fails(run: () => unknown, code: string, what: string | RegExp): Promise<void> {
  const error = await errorOf(run);
  assert.is(error.code, code);
  if (typeof what === 'string') assert.is(error.what, what);
  else assert.match(error.what, what);
  assert.ok(error.fix.length > 20);
  assert.ok(error.message.includes(error.what) && error.message.includes(error.fix));
}

test('every example of the catalogue fails with its code, and works once repaired', async () => {
  const codes = Object.values(errors).map((make) => make.at);
  assert.ok(codes.length > 15);
  let ran = 0;
  for (const { code, example } of errorCatalogue().values()) {
    if ('noExample' in example) continue;
    assert.is(await codeOf(() => runExample(example.fails)), code, example.fails);
    await runExample(example.works);
    ran += 1;
  }
  assert.ok(ran >= 14, `${ran} examples ran`);
});

test('a file that ends early says how much is needed and how much is there', async () => {
  const whole = encodeSafetensors({ w: scalar });
  const open = (length: number) => () => openSafetensors(whole.slice(0, length));
  const size = whole.length;
  await fails(
    open(size - 1),
    'safetensors-truncated',
    `openSafetensors: 'Uint8Array(${size - 1})' ends too early: ${size} bytes are needed, ${size - 1} bytes are there`,
  );
  for (let length = 0; length < size; length++) {
    assert.is(await codeOf(open(length)), 'safetensors-truncated', `cut to ${length} bytes`);
  }
});

test('a header that claims more than the limit is refused before it is read', async () => {
  await fails(
    () => openSafetensors(fileWith('{}', 0, 100_000_001n)),
    'safetensors-header-oversized',
    "openSafetensors: the header of 'Uint8Array(10)' claims 100,000,001 bytes, the limit is 100,000,000 bytes",
  );
  assert.is(
    await codeOf(() => openSafetensors(fileWith('{}', 0, 2n ** 64n - 1n))),
    'safetensors-header-oversized',
  );
  assert.is(
    await codeOf(() => openSafetensors(fileWith('{}', 0, 100_000_000n))),
    'safetensors-truncated',
  );
});

test('a header that is not JSON says why', async () => {
  await fails(
    () => openSafetensors(fileWith('{"w":oops}', 0)),
    'safetensors-header-not-json',
    /^openSafetensors: the header of 'Uint8Array\(18\)' is not JSON: Unexpected token/,
  );
  const latin = fileWith('{"w":1}', 0);
  latin[10] = 0xe9;
  assert.is(await codeOf(() => openSafetensors(latin)), 'safetensors-header-not-json');
});

test('a file of another format is told apart from a damaged one', async () => {
  await fails(
    () => openSafetensors(Buffer.from('PK\u0003\u0004 archive')),
    'not-a-safetensors-file',
    /is not a safetensors file: its ninth byte is not '\{'/,
  );
  await fails(
    () => openSafetensors(fileWith('[1]', 0)),
    'not-a-safetensors-file',
    /is not a safetensors file/,
  );
});

test('entries that lack a part are named', async () => {
  const cases: Record<string, string> = {
    '{"w":3}': "has an entry 'w' that is not an object",
    '{"w":{"shape":[],"data_offsets":[0,4]}}': "has an entry 'w' that has no dtype",
    '{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}':
      "has an entry 'w' that has no shape of counts",
    '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}}':
      "has an entry 'w' that has no pair of data_offsets",
    '{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}':
      "has an entry 'w' that ends at 0, before it begins at 4",
    '{"__metadata__":{"step":3}}':
      "has an entry '__metadata__' that maps 'step' to a value that is not a string",
  };
  for (const [header, what] of Object.entries(cases)) {
    const error = await errorOf(() => openSafetensors(fileWith(header, 4)));
    assert.is(error.code, 'safetensors-header-malformed');
    assert.ok(error.what.endsWith(what), error.what);
  }
});

test('tensors that share bytes are both named', async () => {
  const [a, b] = [entry('U8', '[4]', '[0,4]'), entry('U8', '[4]', '[2,6]')];
  await fails(
    () => openSafetensors(fileWith(`{"b":${b},"a":${a}}`, 6)),
    'safetensors-offsets-overlap',
    /'a' and 'b' in 'Uint8Array\(\d+\)' both claim bytes 2 to 4$/,
  );
});

test('bytes of no tensor are refused: before, between and after the tensors', async () => {
  const [a, b] = [entry('U8', '[2]', '[0,2]'), entry('U8', '[2]', '[4,6]')];
  const between = fileWith(`{"a":${a},"b":${b}}`, 6);
  await fails(
    () => openSafetensors(between),
    'safetensors-offsets-hole',
    /bytes 2 to 4 of the data in 'Uint8Array\(\d+\)' belong to no tensor$/,
  );
  await fails(
    () => openSafetensors(fileWith(`{"a":${a}}`, 5)),
    'safetensors-offsets-hole',
    /bytes 2 to 5/,
  );
  await fails(
    () => openSafetensors(fileWith(`{"b":${b}}`, 6)),
    'safetensors-offsets-hole',
    /bytes 0 to 4/,
  );
});

test('a byte count that does not fit shape and dtype says what would', async () => {
  await fails(
    () => openSafetensors(fileWith(`{"w":${entry('F32', '[2,3]', '[0,20]')}}`, 20)),
    'safetensors-wrong-byte-count',
    "openSafetensors: 'w' is F32[2, 3], which takes 24 bytes, but it has 20 bytes",
  );
});

test('an unknown dtype is named with the tensor and the known ones', async () => {
  await fails(
    () => openSafetensors(fileWith(`{"w":${entry('F4', '[2]', '[0,1]')}}`, 1)),
    'safetensors-unknown-dtype',
    /'w' in 'Uint8Array\(\d+\)' has dtype F4; known are BOOL, U8, .*F32/,
  );
  assert.is(
    await codeOf(() => openSafetensors(fileWith(`{"w":${entry('toString', '[]', '[0,1]')}}`, 1))),
    'safetensors-unknown-dtype',
  );
});

test('a name that is not in the file is answered with those that are close', async () => {
  const file = await openSafetensors(encodeSafetensors({ 'a/kernel': scalar, 'a/bias': scalar }));
  await fails(
    () => file.read('b/kernel'),
    'tensor-not-in-file',
    /has no tensor 'b\/kernel'; it has 'a\/kernel'$/,
  );
});

test('a tensor beyond one typed array points to pieces', async () => {
  const size = 2 ** 52;
  const head = fileWith(`{"w":${entry('U8', `[${size}]`, `[0,${size}]`)}}`, 0);
  const source: ByteSource = {
    name: 'huge.safetensors',
    size: head.length + size,
    read: async (offset, into) => into.set(head.subarray(offset, offset + into.length)),
    close: async () => {},
  };
  const file = await openSafetensors(source);
  const error = await errorOf(() => file.read('w'));
  assert.is(error.code, 'tensor-exceeds-one-array');
  assert.match(error.fix, /file\.pieces/);
});

test('a path that leads nowhere is named', async () => {
  const what = "there is no file '/nowhere/model.safetensors'";
  await fails(
    () => openSafetensors('/nowhere/model.safetensors'),
    'checkpoint-not-found',
    `openSafetensors: ${what}`,
  );
  await fails(
    () => loadCheckpoint('/nowhere/7'),
    'checkpoint-not-found',
    "loadCheckpoint: there is no file or folder '/nowhere/7'",
  );
  await fails(
    () => openSafetensors(import.meta.dirname),
    'checkpoint-not-found',
    /^openSafetensors: a folder, not a file, is at /,
  );
});

test('64-bit integers are narrowed only when they fit', async () => {
  const wide = new BigInt64Array([5n, -(2n ** 40n)]);
  const tensor: RawTensor = { dtype: 'I64', shape: [2], bytes: new Uint8Array(wide.buffer) };
  await fails(
    () => toHostTensor(tensor),
    'tensor-values-too-wide',
    'toHostTensor: element 1 of a I64 tensor is -1099511627776, which int32 cannot hold',
  );
  const unsigned: RawTensor = { dtype: 'U64', shape: [2], bytes: tensor.bytes };
  assert.is(await codeOf(() => toHostTensor(unsigned)), 'tensor-values-too-wide');
});

test('checkAgainst names every path that does not fit, with both shapes', async () => {
  const expected = {
    'a/kernel': { dtype: 'float32', shape: [2, 3] },
    'b/kernel': { dtype: 'float32', shape: [4] },
    'c/count': { dtype: 'int32', shape: [] },
    'd/bias': { dtype: 'bfloat16', shape: [5] },
    'lora/a': { dtype: 'float32', shape: [1] },
  };
  const found = {
    'a/kernel': { dtype: 'float32', shape: [3, 2] },
    'c/count': { dtype: 'float32', shape: [] },
    'd/bias': { dtype: 'float32', shape: [5] },
    'z/extra': { dtype: 'bool', shape: [7, 7] },
  };
  await fails(
    () => checkAgainst(expected, found, { missingRegex: '.*lora.*' }),
    'checkpoint-mismatch',
    [
      'loading a checkpoint: 4 paths do not fit',
      '  differs  a/kernel: expected float32[2, 3], the checkpoint has float32[3, 2]',
      '  missing  b/kernel: expected float32[4], the checkpoint has none',
      '  differs  c/count: expected int32[], the checkpoint has float32[]',
      '  extra    z/extra: not expected, the checkpoint has bool[7, 7]',
    ].join('\n'),
  );
});

test('missingRegex excuses whole paths only, and they are returned', async () => {
  const expected = {
    'energy_model/w': { dtype: 'float32', shape: [1] },
    'floral/w': { dtype: 'float32', shape: [1] },
    w: { dtype: 'float32', shape: [1] },
  };
  const found = { w: { dtype: 'float32', shape: [1] } };
  const { missing } = checkAgainst(expected, found, {
    missingRegex: /.*energy_model.*|floral\/w/g,
  });
  assert.equal(missing, ['energy_model/w', 'floral/w']);
  await fails(
    () => checkAgainst(expected, found, { missingRegex: 'energy_model/w|lora' }),
    'checkpoint-mismatch',
    /: 1 path does not fit\n {2}missing {2}floral\/w: expected float32\[1\]/,
  );
});

test.run();
