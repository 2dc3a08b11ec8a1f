import { createJsDevice } from '../core/host/js/device.ts';
import { setDefaultDevice } from '../core/host/runtime.ts';
import { compile } from '../core/compile/compile.ts';
import * as random from '../core/random.ts';
import { energyConfig, energySpec, infoNce } from '../models/energy/index.ts';
import * as nn from '../nn/index.ts';
import { jit, valueAndGrad } from '../transforms/index.ts';
import { makeProgram } from '../transforms/make-program.ts';
await setDefaultDevice(createJsDevice({ fuse: true }));
const cfg = energyConfig({ contextDim: 24, energyActDim: 7, hidden: 32, heads: 4, layers: 1, dropoutRate: 0 });
const params = nn.initParams(energySpec(cfg), random.key(0));
const h = random.normal(random.key(1), [4, 12, 24]);
const a = random.normal(random.key(2), [4, 5, 7]);
const loss = (p: typeof params) => infoNce(p, cfg, h, a).loss;
let t = performance.now();
const made: any = makeProgram(valueAndGrad(loss) as any)(params as any);
console.log('trace', (performance.now() - t).toFixed(0), Object.keys(made));
const dev = createJsDevice({ fuse: true });
for (let i = 0; i < 3; i++) {
  t = performance.now();
  const plan = compile(made.program ?? made, { ...dev.target, concurrency: 32 });
  console.log('compile', (performance.now() - t).toFixed(0), plan.steps.length, 'steps', plan.arenaBytes);
  if (i == 2) for (const s of plan.steps) console.log(s.kernel.kind, s.kernel.kind === 'loop' ? s.kernel.parallel.map((x) => x.extent).join('x') + ' | ' + s.kernel.stores.map((x) => x.serial.map((y) => y.extent).join('x') + '#' + x.value.cost).join(', ') : `b${s.kernel.batch.extent} ${s.kernel.rows.extent}x${s.kernel.columns.extent}x${s.kernel.depth}`, s.kernel.name, s.kernel.buffers.length);
}
