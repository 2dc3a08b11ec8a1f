import { makeDevice, planOf } from './kernels.ts';
import { axisIndex, constant, load, makeAxis, makeSource, op } from '../../core/ir/expr.ts';
import { readFileSync } from 'node:fs';
const [from, to] = [makeSource('float32', 4), makeSource('float32', 4)];
const axis = makeAxis(4);
const k = {kind:'loop' as const,name:'s',buffers:[{source:from,access:'read' as const},{source:to,access:'write' as const}],parallel:[axis],stores:[{target:to,index:axisIndex(axis),value:op('add',[load(from,axisIndex(axis)),constant(1,'float32')]),mode:'set' as const,guard:null,serial:[]}]};
const d = await makeDevice();
const e = d.load(planOf(k));
const maps=()=>readFileSync('/proc/self/maps','utf8').split('\n').length;
let x = d.upload(new Float32Array(4),'float32');
const kept=[];
const t=Date.now();
for (let i=0;i<Number(process.argv[2]);i++){ const [n]=e.run([x],new Set()); kept.push(x); x=n!; if(i%10000===0) console.log(i,maps(),Date.now()-t,'ms',process.memoryUsage().rss/2**20|0); }
console.log(maps());
console.log((await x.read())[0], Date.now()-t, maps());
