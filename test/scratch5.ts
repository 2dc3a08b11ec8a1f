import { createJsDevice } from '../core/host/js/device.ts';
import { setDefaultDevice } from '../core/host/runtime.ts';
import * as np from '../core/numpy/index.ts';
import * as random from '../core/random.ts';
import { energyConfig, energySpec, infoNce, multiStepEnergyCorrection } from '../models/energy/index.ts';
import * as nn from '../nn/index.ts';
import { grad, jit, valueAndGrad, vmap } from '../transforms/index.ts';
for (const fuse of [false, true]) {
  await setDefaultDevice(fuse ? 'webgpu' : createJsDevice({ fuse, precision: 'float64' }));
  const cfg = energyConfig({ contextDim: 24, energyActDim: 7, hidden: 32, heads: 4, layers: 1, dropoutRate: 0 });
  const params = nn.initParams(energySpec(cfg), random.key(0));
  const h = random.normal(random.key(1), [4, 12, 24]);
  const a = random.normal(random.key(2), [4, 5, 7]);
  const loss = (p: typeof params) => infoNce(p, cfg, h, a).loss;
  let t = performance.now();
  const f = jit(valueAndGrad(loss));
  const [v, g] = f(params);
  console.log(fuse, 'first', (performance.now() - t).toFixed(0), 'ms', await v.item());
  t = performance.now();
  const [v2] = f(params);
  console.log('second', (performance.now() - t).toFixed(0), await v2.item());
  const low = f.lower(params);
  console.log(String(low.program).split('\n').length, 'equations', low.compile !== undefined);
  const c = multiStepEnergyCorrection(params, h, a, { numSteps: 3 });
  console.log((await c.data()).slice(0, 4));
}
