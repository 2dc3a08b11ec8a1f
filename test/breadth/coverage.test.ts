/** Every function of the array API is recorded against JAX, or stands here with the reason why not. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { unrecorded } from './recorded.ts';

/** Why functions have no recording among test/golden/*.json, by the form of their names. */
const reasons: readonly (readonly [form: RegExp, why: string])[] = [
  [/^np\.(asarray|s_|indexExp|slice)$/, 'gives its argument or an index; test/numpy/array.test.ts'],
  [/^np\.einsumPath$/, 'orders and texts are our own; test/numpy/einsum-path.test.ts'],
  [/^lax\.primitives\./, 'operations themselves: test/laws and primitives.json'],
  [
    /^lax\.(linalg\.)?(cholesky|eigh|lu|qr|svd|triangularSolve)$/,
    'recorded as np.linalg, whose functions these are',
  ],
  [
    /^lax\.(associativeScan|cond|foriLoop|scan|switch|switchCase|whileLoop)$/,
    'recorded as programs in control.json; test/control',
  ],
  [/^lax\.(empty|zeros|literal)$/, 'constants; recorded as np.zeros'],
  [
    /^lax\.(convolution|unfold|foldWindows|windowCount)$/,
    'ours alone; recorded through lax.convGeneralDilated',
  ],
  [/^nn\.optim\./, 'recorded in optax.json; test/nn/optim.test.ts'],
  [
    /^nn\.(attend|attendEmbedding|embedding|layerNorm|linear|mlpResNet|multiHeadAttention|toHeads|fromHeads|scaleQueries|softmaxParts|positionalEncoding|dropout)$/,
    'layers, recorded in optax.json and energy_*.safetensors; test/nn/layers.test.ts',
  ],
  [
    /^nn\.(\w+Spec|describeParams|param|initParams|countParams|pathsOf|shapesOf|keyOfPath|dims|(initializers\.)?computeFans)$/,
    'descriptions of parameters, ours alone; test/nn/params.test.ts',
  ],
  [
    /^nn\.(absoluteError|mse|marginLogisticLoss|poissonNllLoss|softmaxCrossEntropyWithIntegerLabels)$/,
    'compositions that JAX lacks, or in optax.json by another name; test/nn/layers.test.ts',
  ],
  [/^random\.splitList$/, 'random.split as a list'],
  [/^random\.(clone|keyData|keyImpl|wrapKeyData)$/, 'a key as it is; test/random'],
  [/^scipy\.optimize\.minimize$/, 'recorded in minimize.json; test/scipy/minimize.test.ts'],
  [/^np\.fromRaw$/, 'recorded in storage.json; test/storage'],
  [
    /^lax\.(betainc|igamma|igammac|polygamma|zeta)$/,
    'recorded as scipy.special, which calls them on broadcast operands',
  ],
  [
    /^lax\.(allGather|allToAll|axisIndex|axisSize|pmax|pmean|pmin|ppermute|pshuffle|psum|psumScatter|pswapaxes)$/,
    'recorded under vmap in debug.json; test/collectives',
  ],
];

test('every function of the array API has a recording of JAX or a reason', () => {
  const missing = unrecorded().filter((name) => !reasons.some(([form]) => form.test(name)));
  assert.equal(missing, [], 'record them in test/golden/make-more.py, or say here why not');
});

test('no reason is given for what has a recording', () => {
  const names = unrecorded();
  const idle = reasons.filter(([form]) => !names.some((name) => form.test(name)));
  assert.equal(
    idle.map(([form]) => String(form)),
    [],
  );
});

test.run();
