/** Arrays as values: making them from data, their types, reading them, and the programs they trace to. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeAval, showAval } from '../../core/base/aval.ts';
import { show } from '../../core/ir/show.ts';
import { trace } from '../../core/ir/trace.ts';
import * as np from '../../core/numpy/index.ts';
import './device.ts';

const typeOf = (x: np.Array): string => showAval(x.aval);

test('np.array takes numbers as float32 and booleans as bool, unless told otherwise', async () => {
  assert.is(typeOf(np.array([[1, 2, 3]])), 'f32[1, 3]');
  assert.is(typeOf(np.array(7)), 'f32[]');
  assert.is(typeOf(np.array([true, false])), 'bool[2]');
  assert.is(typeOf(np.array([])), 'f32[0]');
  assert.is(typeOf(np.array([[], []])), 'f32[2, 0]');
  assert.equal(await np.array([1.9, -1.9, 3], { dtype: 'int32' }).js(), [1, -1, 3]);
  assert.equal(await np.array([0, 2], { dtype: 'bool' }).js(), [false, true]);
});

test('np.array keeps the type of typed arrays', async () => {
  assert.is(typeOf(np.array(new Int32Array(2))), 'i32[2]');
  assert.is(typeOf(np.array(new Uint32Array(2))), 'u32[2]');
  assert.is(typeOf(np.array(new Float64Array([0.1]))), 'f32[1]');
  assert.is(await np.array(new Float64Array([0.1])).item(), Math.fround(0.1));
});

test('np.array stacks arrays that are nested in lists', async () => {
  const row = np.arange(2);
  assert.equal(await np.array([row, row.add(1)]).js(), [
    [0, 1],
    [1, 2],
  ]);
});

test('elements are read as typed arrays, nested lists, or one value', async () => {
  const x = np.array([
    [1, 2],
    [3, 4],
  ]);
  assert.equal(await x.data(), Float32Array.of(1, 2, 3, 4));
  assert.equal(await x.T.js(), [
    [1, 3],
    [2, 4],
  ]);
  assert.is(await x.get(1, 0).item(), 3);
  assert.equal(await x.greater(2).js(), [
    [false, false],
    [true, true],
  ]);
  assert.is(await x.greater(5).any().item(), false);
  assert.instance(x, np.Array);
});

test('plain numbers give way to the type of arrays', () => {
  const int = np.arange(3);
  const uint = int.astype('uint32');
  const float = np.ones([3]);
  assert.is(typeOf(int.add(1)), 'i32[3]');
  assert.is(typeOf(uint.add(1)), 'u32[3]');
  assert.is(typeOf(float.add(1)), 'f32[3]');
  assert.is(typeOf(int.add(0.5)), 'f32*[3]');
  assert.is(typeOf(int.div(2)), 'f32[3]');
  assert.is(typeOf(int.greater(0).add(1)), 'i32*[3]');
  assert.is(typeOf(np.add(1, 2)), 'i32*[]');
  assert.is(typeOf(np.add(1, 2.5)), 'f32*[]');
  assert.is(typeOf(np.sin(3)), 'f32*[]');
  assert.is(typeOf(uint.add(int)), 'i32[3]');
  assert.is(typeOf(int.add(float)), 'f32[3]');
  assert.is(typeOf(np.sin(3).mul(int.astype('float32'))), 'f32[3]');
  assert.is(typeOf(float.astype('int32').add(int)), 'i32[3]');
});

test('methods and functions write the same program', () => {
  const avals = [makeAval([2, 3], 'float32'), makeAval([3], 'float32')];
  const programOf = (body: (x: np.Array, y: np.Array) => np.Array): string =>
    show(
      trace(([x, y]) => (x === undefined || y === undefined ? [] : [body(x, y)]), avals).program,
    );
  assert.is(
    programOf((x, y) => x.add(y).sum({ axis: 0 })),
    programOf((x, y) => np.sum(np.add(x, y), { axis: 0 })),
  );
  assert.is(
    programOf((x) => x.mul(2)),
    [
      '{ a:f32[2, 3], b:f32[3] ->',
      '  c:f32[] = literal[value=2 dtype=float32 weak=false]',
      '  d:f32[2, 3] = broadcastInDim[shape=[2, 3] axes=[]] c',
      '  e:f32[2, 3] = mul a d',
      '  e }',
    ].join('\n'),
  );
});

test('operations that change nothing return the array itself', () => {
  const x = np.ones([2, 3]);
  assert.is(x.reshape(2, 3), x);
  assert.is(x.astype('float32'), x);
  assert.is(np.broadcastTo(x, [2, 3]), x);
  assert.is(x.transpose(0, 1), x);
  assert.is(np.concatenate([x]), x);
});

test('einsum of three matrices multiplies the small product first', () => {
  const shapes = [
    [100, 2],
    [2, 100],
    [100, 3],
  ];
  const { program } = trace(
    (xs) => [np.einsum('ij,jk,kl->il', ...xs)],
    shapes.map((shape) => makeAval(shape, 'float32')),
  );
  const products = program.eqns.filter((eqn) => eqn.primitive.name === 'dotGeneral');
  assert.equal(
    products.map((eqn) => eqn.outputs.map((v) => showAval(v.aval))),
    [['f32[2, 3]'], ['f32[100, 3]']],
  );
});

test('writing to static ranges needs no scatter', () => {
  const { program } = trace(
    ([x]) =>
      x === undefined
        ? []
        : [
            x
              .at(np.slice(1, null, 2))
              .add(1)
              .at(0)
              .set(5),
          ],
    [makeAval([6, 2], 'float32')],
  );
  assert.not(program.eqns.some((eqn) => eqn.primitive.name === 'scatter'));
});

test.run();
