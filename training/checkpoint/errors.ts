/** What can be wrong with files of tensors, and how to repair it. */
import { defineError } from '../../core/base/errors.ts';

const bytesOf = (count: number): string => `${count.toLocaleString('en-US')} bytes`;
const list = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Example source: a file whose header is the given text, followed by `size` zero bytes. */
const withHeader = (header: string, size: number): string =>
  [
    `const header = new TextEncoder().encode(${JSON.stringify(header)});`,
    `const bytes = new Uint8Array(8 + header.length + ${size});`,
    'bytes[0] = header.length;',
    'bytes.set(header, 8);',
    'await openSafetensors(bytes);',
  ].join('\n');

const goodFile = withHeader('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4);
const scalar = "{ dtype: 'F32', shape: [], bytes: new Uint8Array(4) }";

/** `checkpoint-not-found`: nothing is at the path. */
export const checkpointNotFound = defineError({
  code: 'checkpoint-not-found',
  what: (operation: string, path: string, detail: string) => `${operation}: ${detail} '${path}'`,
  fix: 'pass the path of a .safetensors file or of a checkpoint folder; listCheckpoints(folder) says which there are',
  example: {
    fails: "await loadCheckpoint('/nowhere/100.safetensors');",
    works: "await listCheckpoints('/nowhere');",
  },
});

/** `not-a-safetensors-file`: the first bytes belong to another format. */
export const notSafetensors = defineError({
  code: 'not-a-safetensors-file',
  what: (file: string, reason: string) =>
    `openSafetensors: '${file}' is not a safetensors file: ${reason}`,
  fix: "pass a .safetensors file; convert others in Python: safetensors.torch.save_file(state_dict, 'model.safetensors')",
  example: {
    fails:
      "await openSafetensors(new TextEncoder().encode('PK..a zip archive, as torch.save makes'));",
    works: goodFile,
  },
});

/** `safetensors-truncated`: the file ends before what its header describes. */
export const truncatedFile = defineError({
  code: 'safetensors-truncated',
  what: (file: string, needed: number, found: number) =>
    `openSafetensors: '${file}' ends too early: ${bytesOf(needed)} are needed, ${bytesOf(found)} are there`,
  fix: 'copy or download the file again, or load an earlier one of listCheckpoints(folder)',
  example: {
    fails: `await openSafetensors(encodeSafetensors({ w: ${scalar} }).slice(0, -1));`,
    works: `await openSafetensors(encodeSafetensors({ w: ${scalar} }));`,
  },
});

/** `safetensors-header-oversized`: the header is longer than any writer makes it. */
export const oversizedHeader = defineError({
  code: 'safetensors-header-oversized',
  what: (file: string, length: number | bigint, limit: number) =>
    `openSafetensors: the header of '${file}' claims ${length.toLocaleString('en-US')} bytes, the limit is ${bytesOf(limit)}`,
  fix: 'check the first 8 bytes: they are the header length, little-endian; if the file is damaged, copy it again',
  example: {
    fails: 'await openSafetensors(Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0x7b, 0x7d));',
    works: 'await openSafetensors(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d));',
  },
});

/** `safetensors-header-not-json`: the header cannot be parsed. */
export const headerNotJson = defineError({
  code: 'safetensors-header-not-json',
  what: (file: string, reason: string) =>
    `openSafetensors: the header of '${file}' is not JSON: ${reason}`,
  fix: 'copy or download the file again; if it was written by hand, the header must be one JSON object in UTF-8',
  example: { fails: withHeader('{"w":', 0), works: goodFile },
});

/**
 * `safetensors-header-malformed`: the header is JSON, but an entry is not what the format asks for.
 */
export const malformedHeader = defineError({
  code: 'safetensors-header-malformed',
  what: (file: string, entry: string, reason: string) =>
    `openSafetensors: the header of '${file}' has an entry '${entry}' that ${reason}`,
  fix: 'write each tensor as {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]} and __metadata__ as a map of strings',
  example: { fails: withHeader('{"w":{"dtype":"F32"}}', 0), works: goodFile },
});

/** `safetensors-unknown-dtype`: a tensor has an element type that this reader does not know. */
export const unknownDtype = defineError({
  code: 'safetensors-unknown-dtype',
  what: (file: string, tensor: string, dtype: string, known: readonly string[]) =>
    `openSafetensors: '${tensor}' in '${file}' has dtype ${dtype}; known are ${known.join(', ')}`,
  fix: 'convert the tensor before saving, in Python: tensor.to(torch.float32)',
  example: {
    fails: withHeader('{"w":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1),
    works: goodFile,
  },
});

/** `safetensors-offsets-overlap`: two tensors claim the same bytes. */
export const overlappingOffsets = defineError({
  code: 'safetensors-offsets-overlap',
  what: (file: string, first: string, second: string, begin: number, end: number) =>
    `openSafetensors: '${first}' and '${second}' in '${file}' both claim bytes ${begin} to ${end}`,
  fix: 'save the tensors again; tied tensors must be stored once, under one name',
  example: {
    fails: withHeader(
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      3,
    ),
    works: goodFile,
  },
});

/** `safetensors-offsets-hole`: bytes that belong to no tensor. */
export const holeInFile = defineError({
  code: 'safetensors-offsets-hole',
  what: (file: string, begin: number, end: number) =>
    `openSafetensors: bytes ${begin} to ${end} of the data in '${file}' belong to no tensor`,
  fix: 'save the tensors again without gaps; a name that occurs twice in the header also leaves a gap',
  example: {
    fails: withHeader('{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}', 3),
    works: goodFile,
  },
});

/** `safetensors-wrong-byte-count`: a tensor's bytes do not fit its shape and dtype. */
export const wrongByteCount = defineError({
  code: 'safetensors-wrong-byte-count',
  what: (
    where: string,
    tensor: string,
    dtype: string,
    shape: readonly number[],
    found: number,
    needed: number,
  ) =>
    `${where}: '${tensor}' is ${dtype}${list(shape)}, which takes ${bytesOf(needed)}, but it has ${bytesOf(found)}`,
  fix: 'make the shape, the dtype and the bytes agree: bytes = product of the shape × size of the dtype',
  example: {
    fails: "encodeSafetensors({ w: { dtype: 'F32', shape: [2], bytes: new Uint8Array(4) } });",
    works: "encodeSafetensors({ w: { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) } });",
  },
});

/** `tensor-not-in-file`: no tensor has this name. */
export const tensorNotInFile = defineError({
  code: 'tensor-not-in-file',
  what: (file: string, tensor: string, near: readonly string[]) =>
    `read: '${file}' has no tensor '${tensor}'${near.length > 0 ? `; it has ${near.map((n) => `'${n}'`).join(', ')}` : ''}`,
  fix: 'use one of the names in [...file.entries.keys()]',
  example: {
    fails: `const file = await openSafetensors(encodeSafetensors({ w: ${scalar} }));\nawait file.read('v');`,
    works: `const file = await openSafetensors(encodeSafetensors({ w: ${scalar} }));\nawait file.read('w');`,
  },
});

/** `tensor-exceeds-one-array`: the host cannot hold the tensor in one typed array. */
export const tensorExceedsArray = defineError({
  code: 'tensor-exceeds-one-array',
  what: (file: string, tensor: string, size: number) =>
    `read: '${tensor}' in '${file}' has ${bytesOf(size)}, more than one typed array can hold here`,
  fix: "read it piece by piece: for await (const piece of file.pieces('name')) { … }",
  example: { noExample: 'it takes a tensor of several gigabytes' },
});

/** `tensor-values-too-wide`: 64-bit integers that do not fit in 32 bits. */
export const valuesTooWide = defineError({
  code: 'tensor-values-too-wide',
  what: (dtype: string, value: string, index: number, target: string) =>
    `toHostTensor: element ${index} of a ${dtype} tensor is ${value}, which ${target} cannot hold`,
  fix: 'read it as raw 64-bit integers instead: new BigInt64Array(tensor.bytes.buffer)',
  example: {
    fails:
      "toHostTensor({ dtype: 'I64', shape: [1], bytes: new Uint8Array(new BigInt64Array([1n << 40n]).buffer) });",
    works:
      "toHostTensor({ dtype: 'I64', shape: [1], bytes: new Uint8Array(new BigInt64Array([7n]).buffer) });",
  },
});

/** `tensor-dtype-mismatch`: a typed view was asked of a tensor of another dtype. */
export const wrongViewDtype = defineError({
  code: 'tensor-dtype-mismatch',
  what: (helper: string, wanted: string, found: string) =>
    `${helper}: needs a tensor of dtype ${wanted}, got ${found}`,
  fix: 'toHostTensor(tensor) takes every dtype, and says which it is',
  example: {
    fails: `asInt32(${scalar});`,
    works: "asInt32({ dtype: 'I32', shape: [], bytes: new Uint8Array(4) });",
  },
});

/** `host-tensor-mismatch`: dtype, shape and data of a host tensor disagree. */
export const hostTensorMismatch = defineError({
  code: 'host-tensor-mismatch',
  what: (path: string, dtype: string, shape: readonly number[], data: string) =>
    `saveCheckpoint: '${path}' is ${dtype}${list(shape)}, but its data is ${data}`,
  fix: 'give data as x.rawData() returns it: bfloat16 and float16 go with Uint16Array, bool with Uint8Array, others with the array of their name; the length is the product of the shape',
  example: {
    fails: "fromHostTensor('w', { dtype: 'float32', shape: [3], data: new Float32Array(2) });",
    works: "fromHostTensor('w', { dtype: 'float32', shape: [2], data: new Float32Array(2) });",
  },
});

/** `checkpoint-mismatch`: a checkpoint does not fit the parameters it is loaded into. */
export const checkpointMismatch = defineError({
  code: 'checkpoint-mismatch',
  what: (lines: readonly string[]) =>
    `loading a checkpoint: ${lines.length} ${lines.length === 1 ? 'path does' : 'paths do'} not fit\n  ${lines.join('\n  ')}`,
  fix: "load with the configuration that it was saved with; paths that may be absent: checkAgainst(expected, found, { missingRegex: '.*energy_model.*' })",
  example: {
    fails:
      "checkAgainst({ w: { dtype: 'float32', shape: [2] } }, { w: { dtype: 'float32', shape: [3] } });",
    works:
      "checkAgainst({ w: { dtype: 'float32', shape: [2] } }, { w: { dtype: 'float32', shape: [2] } });",
  },
});

/** `checkpoint-exists`: a checkpoint folder is never overwritten. */
export const checkpointExists = defineError({
  code: 'checkpoint-exists',
  what: (path: string) =>
    `saveCheckpoint: '${path}' already exists, and a folder cannot be replaced in one step`,
  fix: 'save under another step, remove the folder first, or save to one file, which is replaced safely: saveCheckpoint(`${path}.safetensors`, …)',
  example: { noExample: 'it takes a folder on disk' },
});

/** `path-outside-folder`: a name that leads out of the folder it should be in. */
export const pathOutsideFolder = defineError({
  code: 'path-outside-folder',
  what: (operation: string, name: string, folder: string) =>
    `${operation}: '${name}' leads out of the folder '${folder}'`,
  fix: "use a relative path inside the folder, such as 'model-00001-of-00002.safetensors'",
  example: { noExample: 'it takes a folder on disk' },
});

/** `shard-index-wrong`: an index file that is not one, or that disagrees with its shards. */
export const shardIndexWrong = defineError({
  code: 'shard-index-wrong',
  what: (file: string, reason: string) => `openSharded: '${file}' ${reason}`,
  fix: 'download the index and all its shards again, from the same revision',
  example: { noExample: 'it takes several files on disk' },
});
