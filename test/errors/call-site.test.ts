/** Which line of the user's program is blamed, wherever the library and the program are. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  atCaller,
  atSite,
  type CallSite,
  captureSite,
  describeSite,
  locate,
} from '../../core/base/call-site.ts';
import '../support/examples.ts';

const { np } = await import('../../index.ts');

/** The source text that a site's caret points at. */
function pointed(site: CallSite): string {
  const [, marked = '', caret = ''] = /^ {2}(> .*)\n(.*)\^$/m.exec(describeSite(site)) ?? [];
  return marked.slice(caret.length - 2);
}

class Recorder {
  readonly site: CallSite;
  constructor() {
    this.site = captureSite();
  }
  record(): CallSite {
    return captureSite();
  }
  static make = (): CallSite => captureSite();
  get lazily(): CallSite {
    return captureSite();
  }
}

test('functions, methods, constructors and accessors are located', () => {
  const named = captureSite(); // here
  assert.is(pointed(named), 'captureSite(); // here');
  assert.is(pointed(new Recorder().site), 'captureSite();');
  assert.is(pointed(new Recorder().record()), 'captureSite();');
  assert.is(pointed(Recorder.make()), 'captureSite();');
  assert.is(pointed(new Recorder().lazily), 'captureSite();');
});

test('anonymous callbacks are located, also inside functions of the host', () => {
  const [site] = [0].map(() => captureSite()); // in a callback
  assert.ok(site !== undefined && pointed(site) === 'captureSite()); // in a callback');
});

test('async functions are located before and after they wait', async () => {
  const sites = await (async () => {
    const before = captureSite(); // before
    await null;
    const after = captureSite(); // after
    return [before, after];
  })();
  assert.equal(sites.map(pointed), ['captureSite(); // before', 'captureSite(); // after']);
});

/** Captures below `depth` frames that are not the user's. */
function below(depth: number): () => CallSite {
  let nested: () => unknown[] = Array.prototype.map.bind([0], captureSite);
  for (let i = 1; i < depth; i++) nested = Array.prototype.map.bind([0], nested);
  return () => nested().flat(depth)[0] as CallSite; // below
}

test("a line is found below any number of frames that are not the user's", () => {
  for (const depth of [1, 50, 2, 300, 1, 1, 10]) {
    assert.is(pointed(below(depth)()), 'nested().flat(depth)[0] as CallSite; // below');
  }
});

test('line and column count from 1 and the file is a URL', () => {
  const line = locate(captureSite());
  const here = Number(/call-site[.]test[.]ts:(\d+)/.exec(new Error().stack ?? '')?.[1]);
  assert.is(line?.line, here - 1);
  assert.is(line?.column, 23);
  assert.is(line?.file, import.meta.url);
});

test('a pinned site is what everything inside captures', () => {
  const pinned = captureSite();
  assert.is(atSite(pinned, captureSite), pinned);
  assert.is(
    atSite(pinned, () => atSite(null, captureSite)),
    pinned,
  );
  assert.throws(() =>
    atSite(pinned, () => {
      throw new Error('left');
    }),
  );
  assert.is.not(captureSite(), pinned);
});

test('within atCaller the stack is looked at once', () => {
  const sites = atCaller(() => [captureSite(), captureSite(), atCaller(() => captureSite())]);
  assert.is(new Set(sites).size, 1);
  assert.ok(sites[0] !== undefined);
  assert.match(pointed(sites[0]), /^atCaller\(\(\) => \[/);
});

test('capturing leaves the settings of Error as they were', () => {
  const { stackTraceLimit, prepareStackTrace } = Error;
  captureSite();
  assert.is(Error.stackTraceLimit, stackTraceLimit);
  assert.is(Error.prepareStackTrace, prepareStackTrace);
});

test('a tool that formats stacks itself is asked for its line', () => {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (error, frames) =>
    `${error}${frames.map(() => '\n    at user (/home/user/original.ts:7:9)').join('')}`;
  const site = captureSite();
  Error.prepareStackTrace = prepareStackTrace;
  assert.equal(locate(site), { file: 'file:///home/user/original.ts', line: 7, column: 9 });
});

class Owner {
  capture(): CallSite {
    return captureSite();
  }
}

test('a site does not keep alive what was on the stack', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const captured = (): [CallSite, WeakRef<Owner>] => {
    const owner = new Owner();
    return [owner.capture(), new WeakRef(owner)];
  };
  const [site, owner] = captured();
  await new Promise((resolve) => setTimeout(resolve, 0)); // A WeakRef holds on until the turn ends.
  collect();
  assert.is(owner.deref(), undefined);
  assert.match(describeSite(site), 'return captureSite();');
});

test('capturing takes a few microseconds, also from inside an operation', () => {
  const at = (depth: number, f: () => void): void => (depth === 0 ? f() : at(depth - 1, f));
  const best: number[] = [];
  at(30, () => {
    for (let round = 0; round < 30; round++) {
      const start = performance.now();
      for (let i = 0; i < 1000; i++) captureSite();
      best.push(performance.now() - start); // 1000 calls: milliseconds are microseconds each
    }
  });
  const each = Math.min(...best);
  console.log(`captureSite: ${each.toFixed(1)} µs`);
  assert.ok(each < 20, `${each} µs`);
});

test('operations of the library are skipped', () => {
  const x = np.ones([3]);
  try {
    np.var(np.matmul(np.mean(x), x));
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /> +\d+ \| +np[.]var[(]np[.]matmul/);
  }
});

test.run();
