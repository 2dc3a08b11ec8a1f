/** The released sizes, without their memory: descriptions of arrays are enough to trace and compile. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../core/compile/compile.ts';
import { defaultDevice } from '../../core/host/runtime.ts';
import { arraySpec, makeProgram, nn, type np, tree, valueAndGrad } from '../../index.ts';
import {
  computeLoss,
  inputsSpec,
  type Observation,
  type Pi0Params,
  pi0Config,
  pi0Spec,
  sampleActions,
} from '../../models/pi0/index.ts';

const mega = 2 ** 20;

for (const pi05 of [false, true]) {
  const config = pi0Config({ pi05 });
  const spec = pi0Spec(config);
  const name = pi05 ? 'π₀.₅' : 'π₀';

  test(`${name} in bfloat16 samples in the memory of its activations`, () => {
    const { observation } = inputsSpec(config);
    const act = (p: Pi0Params, key: np.Array, o: Observation): np.Array =>
      sampleActions(p, config, key, o);
    const params = nn.describeParams(spec, { dtype: 'bfloat16' });
    const program = makeProgram(act)(params, arraySpec([2], 'uint32'), observation);
    assert.equal(program.outputs[0]?.aval.shape, [1, 50, 32]);
    const plan = compile(program, defaultDevice().target, new Set());
    // One layer's widest matrix alone has 128 MiB: weights are read where they lie, and nothing is kept of a layer.
    assert.ok(plan.arenaBytes < 128 * mega, `${plan.arenaBytes / mega} MiB`);
  });

  test(`${name} with its gradient is traced and compiled within seconds`, () => {
    const { observation, actions } = inputsSpec(config, 2);
    const step = valueAndGrad(
      (p: Pi0Params, key: np.Array, o: Observation, a: np.Array) =>
        computeLoss(p, config, key, o, a, { train: true }).loss,
    );
    const start = process.cpuUsage().user;
    const params = nn.describeParams(spec);
    const program = makeProgram(step)(params, arraySpec([2], 'uint32'), observation, actions);
    compile(program, defaultDevice().target, new Set());
    const seconds = (process.cpuUsage().user - start) / 1e6;
    assert.is(program.outputs.length, 1 + tree.leaves(spec).length);
    // Two are enough.
    assert.ok(seconds < 15, `${seconds} s`);
  });
}

test.run();
