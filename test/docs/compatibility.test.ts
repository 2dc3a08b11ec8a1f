/** The page that compares with JAX is up to date. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compatibilityPage, presentCompatibility } from '../../scripts/compatibility-doc.ts';

test('docs/compatibility.md is what scripts/compatibility-doc.ts writes', () => {
  assert.ok(
    presentCompatibility() === compatibilityPage(),
    'run npx tsx scripts/compatibility-doc.ts',
  );
});

test.run();
