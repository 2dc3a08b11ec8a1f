import * as p from '../../core/primitives/index.ts';
import { upload, setDefaultDevice, staged } from '../../core/host/runtime.ts';
import { makeDevice } from './kernels.ts';
const modes = { soft: await makeDevice(), gpu: await makeDevice({emit:{isSoftware:false}}), js: 'js' as const };
const N = 300;
const data = Float32Array.from({length: N*8},(_, i)=>Math.sin(i*i));
const results: Record<string, number[][]> = {};
for (const [name, dev] of Object.entries(modes)) {
  await setDefaultDevice(dev);
  const x = upload(data, [N,8], 'float32');
  const idx = upload(Int32Array.from({length:40},(_, i)=>(i*37)%330-10), [40,1], 'int32');
  const upd = upload(data.subarray(0,40*8), [40,8], 'float32');
  const key = upload(Uint32Array.from({length:1000},(_, i)=>i*7919), [1000], 'uint32');
  const t = Date.now();
  const out = staged('f', [x,idx,upd,key], ([a,i,u,k]) => {
    const g = p.gather(a!, i!, {offsetDims:[1],collapsedSliceDims:[0],startIndexMap:[0],operandBatchingDims:[],indicesBatchingDims:[],sliceSizes:[1,8],mode:'fill'});
    const s = p.scatter(a!, i!, u!, {updateWindowDims:[1],insertedWindowDims:[0],scatterDimsToOperandDims:[0],operandBatchingDims:[],indicesBatchingDims:[],combine:'add',mode:'drop'});
    const [so] = p.sort([p.reshape(a!,[N*8])],0,1);
    const [r0,r1] = p.threefry2x32(k!,k!,k!,k!);
    return [g, s, so!, p.convert(p.shiftRightLogical(r0!, p.broadcastInDim(p.literal(9,'uint32'),[1000],[])),'float32'), r1!, p.argmax(a!,0), p.reduceSum(a!,[0]), p.reduceSum(p.mul(a!,a!),[0,1]), p.cumsum(a!,0), p.erfInv(p.mul(a!, p.broadcastInDim(p.literal(0.99,'float32'),[N,8],[])))];
  });
  results[name] = [];
  for (const o of out) results[name]!.push([...(await o.data())]);
  console.log(name, Date.now()-t,'ms');
}
for (const name of ['soft','gpu']) results[name]!.forEach((r,k)=>{ let w=0; r.forEach((v,i)=>{ const e=results['js']![k]![i]!; if(Number.isNaN(v)&&Number.isNaN(e))return; w=Math.max(w,Math.abs(v-e)/(Math.abs(e)+1e-3)||(v===e?0:Infinity)); }); console.log(name,k,w); });
