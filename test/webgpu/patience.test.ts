/** Waiting for a software adapter, which needs no adapter to be tested. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Patience } from '../../core/host/webgpu/patience.ts';

/** Asks in every turn of the event loop, as Dawn does, whether so many milliseconds have passed. */
function polling(milliseconds: number): Promise<string> {
  const start = performance.now();
  return new Promise((resolve) => {
    const ask = (): void => {
      if (performance.now() - start < milliseconds) setImmediate(ask);
      else resolve('done');
    };
    ask();
  });
}

/** Milliseconds of this process's threads. */
async function computingTime(wait: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await wait();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test('a wait for a software adapter leaves the processor to it', async () => {
  const patience = new Patience(true);
  assert.is(await patience.for(polling(5)), 'done');
  const wait = () => Promise.all([1, 2].map(() => patience.for(polling(200))));
  // Other threads of a process compile while it is young: the calmest of some waits counts.
  const times: number[] = [];
  for (let k = 0; k < 4; k++) times.push(await computingTime(wait));
  const time = Math.min(...times);
  assert.ok(time < 100, `${time} ms of computing in a wait of 200`);
});

test('a wait that fails fails, and ends', async () => {
  const patience = new Patience(true);
  await patience.for(Promise.reject(new Error('no'))).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'no'),
  );
});

test('waiting for other adapters is left as it is', () => {
  const promise = Promise.resolve(1);
  assert.is(new Patience(false).for(promise), promise);
});

test.run();
