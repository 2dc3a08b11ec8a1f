// The layers of the house, from the ground up. A file may import from its own layer and from those below it.
// Every dependency counts, type-only ones too.
const layers = [
  { name: 'core/base', path: '^core/base/' },
  { name: 'core/ir', path: '^core/ir/' },
  { name: 'core/primitives', path: '^core/primitives/' },
  { name: 'core/compile', path: '^core/compile/' },
  { name: 'core/emit', path: '^core/emit/' },
  { name: 'core/host', path: '^core/host/' },
  { name: 'core (array API)', path: '^core/(?!(base|ir|primitives|compile|emit|host)/)' },
  { name: 'transforms', path: '^transforms/' },
  { name: 'nn', path: '^nn/' },
  { name: 'models', path: '^models/' },
  { name: 'training', path: '^training/' },
  { name: 'serving', path: '^serving/' },
  { name: 'index', path: '^index[.]ts$' },
  { name: 'programs', path: '^(examples|bin|bench|test|scripts)/' },
];

const upward = layers.slice(0, -1).map(({ name, path }, level) => ({
  name: `upward from ${name}`,
  comment: `imports go downward only: nothing in ${name} may know a layer above it`,
  severity: 'error',
  from: { path },
  to: { path: layers.slice(level + 1).map((above) => above.path) },
}));

const libraries = '^(core|transforms|nn)/';
const npm = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'];

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'cycle',
      comment:
        'files that run each other are one file, or one wants splitting; types may be mutual',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'unresolved',
      comment: 'the imported file or package does not exist',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'node in a library',
      comment: 'core, transforms and nn run in a browser: only core/host touches the host',
      severity: 'error',
      from: { path: libraries, pathNot: '^(core/host|transforms/source)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'package in a library',
      comment: 'core, transforms and nn have no runtime dependency',
      severity: 'error',
      from: { path: libraries, pathNot: '^(core/host|transforms/source)/' },
      to: { dependencyTypes: npm },
    },
    {
      name: 'package in the host',
      comment: 'of all packages core/host may load webgpu, and the source checks their parser',
      severity: 'error',
      from: { path: '^(core/host|transforms/source)/' },
      to: { dependencyTypes: npm, pathNot: 'node_modules/(webgpu|acorn|magic-string)/' },
    },
    {
      name: 'eager host import',
      comment: 'core/host is part of a browser bundle: load node: and packages with await import()',
      severity: 'error',
      from: { path: '^core/host/' },
      to: {
        dependencyTypes: ['core', ...npm],
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'development package in shipped code',
      comment: 'a package that shipped code needs belongs in dependencies',
      severity: 'error',
      from: { path: '^(index[.]ts|(models|training|serving|bin)/)' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm-peer', 'type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    tsConfig: { fileName: `${__dirname}/tsconfig.json` },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|runs|coverage|node_modules)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
