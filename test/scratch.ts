import { trace } from '../core/ir/trace.ts';
import { makeAval } from '../core/base/aval.ts';
import { compile } from '../core/compile/compile.ts';
import { createJsDevice } from '../core/host/js/device.ts';
import * as p from '../core/primitives/index.ts';
import { show } from '../core/ir/show.ts';
import type { Value } from '../core/ir/value.ts';
import type { Program } from '../core/ir/program.ts';
function both(name: string, f: (xs: Value[]) => Value[], shapes: number[][], verbose = false) {
  const { program } = trace(f, shapes.map((s) => makeAval(s, 'float32')), name);
  let s = 1;
  const rnd = () => { s = (s * 1103515245 + 12345) % 2147483648; return s / 2147483648 - 0.5; };
  const ins = shapes.map((s) => Float32Array.from({ length: s.reduce((a, b) => a * b, 1) }, rnd));
  const results = [false, true].map((fuse) => {
    const dev = createJsDevice({ fuse });
    const target = fuse ? { ...dev.target, concurrency: 4 } : dev.target;
    const t0 = performance.now();
    const plan = compile(program as Program, target);
    const t1 = performance.now();
    const exe = dev.load(plan);
    if (fuse && verbose) console.log(exe.kernels.join('\n---\n'));
    console.log(name, fuse, 'kernels', plan.steps.map((x) => x.kernel.kind + ':' + x.kernel.name), 'arena', plan.arenaBytes, (t1 - t0).toFixed(1), 'ms');
    return exe.run(ins.map((x) => dev.upload(x, 'float32')), new Set()).map((o) => o.readSync());
  });
  let worst = 0;
  results[0]!.forEach((r, i) => r.forEach((v, j) => { const d = Math.abs(v - results[1]![i]![j]!) / (1e-6 + Math.abs(v)); if (!(d <= worst)) worst = d; }));
  console.log('  worst rel', worst);
}
const softmax = (x: Value, axis: number) => {
  const keep = x.shape.map((n, i) => (i === axis ? 1 : n));
  const b = (r: Value) => p.broadcastInDim(p.reshape(r, keep), x.shape, x.shape.map((_, i) => i));
  const m = b(p.reduceMax(x, [axis]));
  const e = p.exp(p.sub(x, m));
  return p.div(e, b(p.reduceSum(e, [axis])));
};
const row = (v: Value, shape: readonly number[]) => p.broadcastInDim(v, shape, [shape.length - 1]);
both('softmax', ([x]) => [softmax(x!, 1)], [[40, 33]], true);
both('linear', ([x, w, b]) => { const y = p.dotGeneral(x!, w!, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] }); return [p.tanh(p.add(y, row(b!, y.shape)))]; }, [[40, 33], [33, 17], [17]], false);
both('sumall', ([x]) => [p.reduceSum(p.square ? x! : p.mul(x!, x!), [0, 1])], [[400, 333]], true);
both('attn', ([q, k, v]) => {
  const s = p.dotGeneral(q!, k!, { lhsContract: [2], rhsContract: [2], lhsBatch: [0], rhsBatch: [0] });
  const w = softmax(s, 2);
  return [p.dotGeneral(w, v!, { lhsContract: [2], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] })];
}, [[2, 9, 8], [2, 11, 8], [2, 11, 8]]);
both('cumsum', ([x]) => [p.cumsum(p.mul(x!, x!), 1), p.cumsum(x!, 0, true)], [[5, 7]]);
both('sort', ([x]) => p.sort([x!], 1, 1), [[5, 7]]);
both('adam', ([a, m, g]) => { const m2 = p.add(p.mul(m!, g!), g!); return [m2, p.sub(a!, p.div(m2, p.sqrt(p.mul(g!, g!))))]; }, [[5, 7], [5, 7], [5, 7]], true);
both('ln', ([x, s]) => {
  const n = p.broadcastInDim(p.literal(1 / 33, 'float32'), [40], []);
  const bc = (r: Value) => p.broadcastInDim(r, x!.shape, [0]);
  const mean = p.mul(p.reduceSum(x!, [1]), n);
  const c = p.sub(x!, bc(mean));
  const v = p.mul(p.reduceSum(p.mul(c, c), [1]), n);
  return [p.mul(p.mul(c, bc(p.rsqrt(v))), row(s!, x!.shape))];
}, [[40, 33], [33]], true);
