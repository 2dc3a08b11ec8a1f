import { axisIndex, load, makeAxis, makeSource, op, type Expr } from '/work/main/core/ir/expr.ts';
import { scaleIndex } from '/work/main/core/ir/index-algebra.ts';
import type { LoopKernel, KernelStore } from '/work/main/core/compile/kernel.ts';
import { makeDevice, reference, runOn } from '/work/main/test/webgpu/kernels.ts';
import { emitWgsl } from '/work/main/core/emit/wgsl/emit.ts';
const unary = ['exp','expm1','log','log1p','sin','cos','tan','asin','acos','atan','sinh','cosh','tanh','asinh','acosh','atanh','erf','erfc','erfInv','logistic','sqrt','rsqrt','floor','ceil','round','sign','abs','neg'] as const;
const xs: number[] = [];
for (let i=0;i<3000;i++) xs.push((i-1500)/150);           // -10..10
for (let i=0;i<2000;i++) xs.push((i-1000)/1000);           // -1..1
for (let i=0;i<1000;i++) xs.push(10**((i/1000)*76-38));    // 1e-38..1e38
for (let i=0;i<1000;i++) xs.push(-(10**((i/1000)*76-38)));
for (let i=0;i<1000;i++) xs.push(i*0.2-100);
for (let i=0;i<500;i++) xs.push(1e5+i*0.77, 1e7+i*3.3, Math.fround(Math.PI)*i);
const n = xs.length;
const x = makeSource('float32', n);
const out = makeSource('float32', n*unary.length);
const i = makeAxis(n);
const stores: KernelStore[] = unary.map((name,k)=>({target: out, index: scaleIndex(axisIndex(i),1,k*n), value: op(name,[load(x,axisIndex(i))]), mode:'set', guard:null, serial:[]}));
const kernel: LoopKernel = {kind:'loop', name:'all', buffers:[{source:x,access:'read'},{source:out,access:'write'}], parallel:[i], stores};
const device = await makeDevice();
console.log(device.description, device.target);
const data = new Map([[x, Float32Array.from(xs)]]);
const t=Date.now();
const [got] = await runOn(device,kernel,data);
console.log('ms',Date.now()-t);
const [want] = reference(kernel,data);
const ulp=(a:number,b:number)=>{ if(Object.is(a,b)||(Number.isNaN(a)&&Number.isNaN(b)))return 0; if(a===b) return 0; if(!Number.isFinite(a)||!Number.isFinite(b)) return Infinity; const e=Math.max(-126,Math.floor(Math.log2(Math.abs(b)))); return Math.abs(a-b)/2**(e-23);};
unary.forEach((name,k)=>{ let w=0,at=0,cnt=0; for(let j=0;j<n;j++){const u=ulp(got![k*n+j]!,want![k*n+j]!); if(u>4)cnt++; if(u>w){w=u;at=j;}} console.log(name.padEnd(9),w.toFixed(2),'>4:',cnt,'at',data.get(x)![at],got![k*n+at],want![k*n+at]);});
