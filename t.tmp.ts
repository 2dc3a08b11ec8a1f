import { jit, np, lax, setDefaultDevice } from './index.ts';
await setDefaultDevice('webgpu');
type A = np.Array;
const tests: Record<string, () => A[]> = {
 dup: () => { const z = np.zeros([]); return lax.foriLoop(0, 3, (_: A, [a,b]: A[]) => [a!.add(1), b!.add(2)], [z, z]) as A[]; },
 dup1: () => { const z = np.sin(np.zeros([4])); return lax.foriLoop(0, 3, (_: A, [a,b]: A[]) => [a!.add(1), b!.add(2)], [z, z]) as A[]; },
 whiled: () => { const z = np.zeros([]); return lax.whileLoop(([a]: A[]) => a!.less(2.5), ([a,b,c]: A[]) => [a!.add(1), b!.add(2), c!.mul(2)], [z, z, z], {maxIterations: 5}) as A[]; },
 swap: () => { return lax.foriLoop(0, 3, (_: A, [a,b]: A[]) => [b!, a!], [np.array(1), np.array(2)]) as A[]; },
 same: () => { return lax.foriLoop(0, 3, (_: A, [a,b]: A[]) => { const s = a!.add(b!); return [s, s];}, [np.array(1), np.array(2)]) as A[]; },
 inputs: () => { return lax.whileLoop(([a]: A[]) => a!.less(2.5), ([a,b,c]: A[]) => { const s = a!.add(1); return [s, s, s];}, [np.array(1), np.array(2), np.array(3)], {maxIterations: 5}) as A[]; },
};
for (const [k, f] of Object.entries(tests)) {
  for (const g of [f, jit(f)]) try { const r = g(); console.log(k, JSON.stringify(await Promise.all(r.map(async x=>[...await x.data()])))); } catch (e) { console.log(k, String(e).slice(0,300)); }
}
