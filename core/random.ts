/** The public array API's random numbers; see random/index.ts. */
export * from './random/index.ts';
