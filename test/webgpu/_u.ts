import { findAdapter, requestDevice } from '../../core/host/webgpu/adapter.ts';
import { BindGroups } from '../../core/host/webgpu/bind-groups.ts';
import { loadCollector } from '../../core/host/reclaim.ts';
import { readFileSync } from 'node:fs';
const device = await requestDevice(await findAdapter());
const gc = await loadCollector();
const maps=()=>readFileSync('/proc/self/maps','utf8').split('\n').length;
const bg = new BindGroups(device, process.argv[2]==='nogc'?null:gc);
const buffer = device.createBuffer({size: 256*70000, usage: 0x80});
const layout = device.createBindGroupLayout({entries:[{binding:0,visibility:4,buffer:{type:'storage'}}]});
for (let i=0;i<40000;i++){ bg.get({name:'x',layout},[{allocation:{id:1,buffer,bytes:0},offset:256*i,bytes:4}]); if(i%4000===0) console.log(i,maps()); }
await new Promise(r=>setTimeout(r,10)); console.log(maps());
gc!(); device.queue.submit([]); console.log('after gc', maps());
await new Promise(r=>setTimeout(r,10)); console.log(maps());
device.queue.submit([]); await device.queue.onSubmittedWorkDone(); console.log(maps());
device.queue.submit([]); await device.queue.onSubmittedWorkDone(); console.log(maps());
const bs=[]; for(let i=0;i<5000;i++) bs.push(device.createBuffer({size:256,usage:0x80})); console.log('5000 buffers',maps());
