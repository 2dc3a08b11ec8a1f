/** Where findings are kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DatabaseStore } from '../../core/host/webgpu/tuner/database-store.ts';
import { FileStore } from '../../core/host/webgpu/tuner/file-store.ts';
import { MemoryStore, type TuningStore } from '../../core/host/webgpu/tuner/store.ts';
import { fakeDatabases } from './fake-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'enerjax-store-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const databases = fakeDatabases();
const stores: Record<string, () => TuningStore> = {
  memory: () => new MemoryStore(),
  file: () => new FileStore(join(folder, 'kept', 'findings.json')),
  database: () => new DatabaseStore('findings', databases),
};

async function fails(act: Promise<unknown>): Promise<boolean> {
  return act.then(
    () => false,
    () => true,
  );
}

for (const [name, open] of Object.entries(stores)) {
  test(`${name}: findings are there again, by adapter and by class`, async () => {
    const store = open();
    assert.equal(await store.read('a'), {});
    await store.add('a', { product: { choice: 'x', speedup: 2 } });
    await store.add('a', { sums: { choice: 'y', speedup: 1 } });
    await store.add('b', { product: { choice: 'z', speedup: 1.5 } });
    await store.add('a', { product: { choice: 'w', speedup: 3 } });
    const again = name === 'memory' ? store : open();
    const expected = {
      product: { choice: 'w', speedup: 3 },
      sums: { choice: 'y', speedup: 1 },
    };
    assert.equal(await again.read('a'), expected);
    assert.equal(await again.read('b'), { product: { choice: 'z', speedup: 1.5 } });
  });
}

test('whatever is in a damaged file is refused, and replaced by what is added', async () => {
  const path = join(folder, 'damaged.json');
  const finding = '{"choice": 1, "speedup": "fast"}';
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"form": 2, "adapters": {}}',
    '{"form": 1}',
    '{"form": 1, "adapters": {"a": []}}',
    `{"form": 1, "adapters": {"a": {"product": ${finding}}}}`,
  ]) {
    writeFileSync(path, text);
    const store = new FileStore(path);
    assert.ok(await fails(store.read('a')), text);
    await store.add('a', { product: { choice: 'x', speedup: 2 } });
    assert.equal(await store.read('a'), { product: { choice: 'x', speedup: 2 } });
  }
});

test('a file that many write at once is whole at any time, and nothing is left beside it', async () => {
  const own = join(folder, 'shared');
  const path = join(own, 'findings.json');
  await new FileStore(path).add('a', { first: { choice: 'x', speedup: 1 } });
  const writers = Array.from({ length: 12 }, (_, i) =>
    new FileStore(path).add('a', { [`class ${i}`]: { choice: 'x'.repeat(1000 * i), speedup: 1 } }),
  );
  const readers = Array.from({ length: 12 }, async () => {
    assert.equal((await new FileStore(path).read('a')).first, { choice: 'x', speedup: 1 });
  });
  await Promise.all([...writers, ...readers]);
  JSON.parse(readFileSync(path, 'utf8'));
  assert.equal(readdirSync(own), ['findings.json']);
});

test('a folder that cannot be written to is an error of the store', async () => {
  const file = join(folder, 'no-folder');
  writeFileSync(file, '');
  const store = new FileStore(join(file, 'findings.json'));
  assert.ok(await fails(store.add('a', {})));
});

test('a database with something else in it is refused, and so is one that cannot be opened', async () => {
  const store = new DatabaseStore('other', databases);
  await store.add('a', { product: { choice: 'x', speedup: 2 } });
  databases.put('other', 'a', 'something else');
  assert.ok(await fails(store.read('a')));
  await store.add('a', { sums: { choice: 'y', speedup: 1 } });
  assert.equal(await store.read('a'), { sums: { choice: 'y', speedup: 1 } });
  assert.ok(await fails(new DatabaseStore('refused', databases).read('a')));
});

test.run();
