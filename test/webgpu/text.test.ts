/** The text of shaders, which needs no adapter. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LoopKernel } from '../../core/compile/kernel.ts';
import { emitWgsl } from '../../core/emit/wgsl/emit.ts';
import { foldGrid } from '../../core/emit/wgsl/grid.ts';
import { parametersOf } from '../../core/emit/wgsl/parameters.ts';
import { axisIndex, constant, load, makeAxis, makeSource, op, reduce } from '../../core/ir/expr.ts';
import { addIndex, scaleIndex } from '../../core/ir/index-algebra.ts';

/** out[i] = Σⱼ x[i, j] where mask[i], as a new kernel each time. */
function maskedRows(): LoopKernel {
  const x = makeSource('float32', 12);
  const mask = makeSource('bool', 3);
  const out = makeSource('float32', 3);
  const i = makeAxis(3);
  const sum = reduce('add', 4, (j) => load(x, addIndex(scaleIndex(axisIndex(i), 4), j)));
  const value = op('select', [load(mask, axisIndex(i)), sum, constant(-0, 'float32')]);
  return {
    kind: 'loop',
    name: 'masked rows',
    buffers: [
      { source: x, access: 'read' },
      { source: mask, access: 'read' },
      { source: out, access: 'write' },
    ],
    parallel: [i],
    stores: [{ target: out, index: axisIndex(i), value, mode: 'set', guard: null, serial: [] }],
  };
}

const expected = `// masked rows
@group(0) @binding(0) var<storage, read> b0: array<f32, 12>;
@group(0) @binding(1) var<storage, read> b1: array<u32, 3>;
@group(0) @binding(2) var<storage, read_write> b2: array<f32, 3>;
fn f32_of(bits: u32) -> f32 { return bitcast<f32>(bits); }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let flat = i32(workgroup.x * 64u + lane);
  if (flat >= 3i) { return; }
  let i0 = flat;
  var a0 = 0f;
  for (var r1 = 0i; r1 < 4i; r1 += 1i) {
    a0 = (a0 + b0[(i0 * 4i + r1)]);
  }
  b2[i0] = select(f32_of(0x80000000u), a0, (b1[i0] != 0u));
}
`;

test('a shader reads like the loop nest that it is', () => {
  assert.is(emitWgsl(maskedRows()).code, expected);
});

test('rows are summed by fours along memory, one row at a time', () => {
  const [rows, columns] = [64, 16];
  const x = makeSource('float32', rows * columns);
  const out = makeSource('float32', rows);
  const i = makeAxis(rows);
  const value = reduce('add', columns, (j) =>
    load(x, addIndex(scaleIndex(axisIndex(i), columns), j)),
  );
  const { generic } = parametersOf;
  const loop = { ...generic.loop, minWideIterations: 1, minWideElements: 1 };
  const parameters = { ...generic, loop };
  const { code } = emitWgsl(
    {
      kind: 'loop',
      name: 'rows',
      buffers: [
        { source: x, access: 'read' },
        { source: out, access: 'write' },
      ],
      parallel: [i],
      stores: [{ target: out, index: axisIndex(i), value, mode: 'set', guard: null, serial: [] }],
    },
    { parameters },
  );
  assert.match(code, /b0: array<vec4<f32>, 256>/);
  assert.match(code, /b1: array<f32, 64>/);
  assert.is(code.match(/for \(/g)?.length, 1);
});

test('equal kernels have equal text, whatever was built before', () => {
  makeAxis(7);
  assert.is(emitWgsl(maskedRows()).code, emitWgsl(maskedRows()).code);
});

test('buffers in the same memory share a binding, read as their own type', () => {
  const bindings = { bindingOf: [0, 1, 0], isWritable: [true, true] };
  const kernel = emitWgsl(maskedRows(), { bindings });
  assert.equal(kernel.bindings, [
    { access: 'update', bytes: 48 },
    { access: 'update', bytes: 12 },
  ]);
  assert.match(kernel.code, /b0\[i0\] = select/);
});

test('a grid that one dimension cannot hold is folded with little to spare', () => {
  assert.equal(foldGrid(65_535), [65_535, 1]);
  assert.equal(foldGrid(65_536), [32_768, 2]);
  assert.equal(foldGrid(0), [0, 0]);
});

test.run();
