import * as p from '../../core/primitives/index.ts';
import { upload, setDefaultDevice, staged } from '../../core/host/runtime.ts';
import { makeDevice } from './kernels.ts';
const d = await makeDevice();
const data = Float32Array.from({length: 64*100},(_, i)=>Math.sin(i));
for (const dev of [d, 'js' as const]) {
  await setDefaultDevice(dev);
  const x = upload(data, [64,100], 'float32');
  const w = upload(data.subarray(0,100*40), [100,40], 'float32');
  const t = Date.now();
  const [y, s] = staged('f', [x,w], ([a,b]) => {
    const h = p.tanh(p.dotGeneral(a!, b!, {lhsContract:[1],rhsContract:[0],lhsBatch:[],rhsBatch:[]}));
    const m = p.reduceMax(h,[1]);
    const e = p.exp(p.sub(h, p.broadcastInDim(m,[64,40],[0])));
    const sm = p.div(e, p.broadcastInDim(p.reduceSum(e,[1]),[64,40],[0]));
    return [sm, p.cumsum(sm, 1)];
  });
  console.log(typeof dev==='string'?dev:'webgpu', [...(await y!.data()).slice(0,4)], [...(await s!.data()).slice(36,40)], Date.now()-t,'ms');
}
