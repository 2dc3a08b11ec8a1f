/** The kinds of energy model by name, and the kind that parameters belong to. */
import {
  type CrossAttentionContext,
  type CrossAttentionEnergyParams,
  crossAttention,
} from './cross-attention.ts';
import { type MlpEnergyParams, mlp, type PooledContext } from './mlp.ts';
import { type LayeredContext, type TransformerEnergyParams, transformer } from './transformer.ts';
import type { EnergyVariantRecord } from './variant.ts';

/** Every kind of energy model. */
export const energyVariants = { 'cross-attention': crossAttention, mlp, transformer } as const;

/** The name of a kind. */
export type EnergyVariantName = keyof typeof energyVariants;

/** The parameters of an energy model of any kind. */
export type EnergyParams = CrossAttentionEnergyParams | MlpEnergyParams | TransformerEnergyParams;

/** A context, encoded for a kind of energy model. It depends on no action, so that many can share it. */
export type EncodedContext = CrossAttentionContext | PooledContext | LayeredContext;

/** The name of the kind that these parameters belong to. */
export function variantOf(params: EnergyParams): EnergyVariantName {
  if ('cross_attention' in params) return 'cross-attention';
  return 'decoder' in params ? 'transformer' : 'mlp';
}

/** The kind of energy model that these parameters belong to. Its contexts are its own. */
export const recordOf = (
  params: EnergyParams,
): EnergyVariantRecord<unknown, EnergyParams, EncodedContext> =>
  // A record only ever meets parameters of its kind, and contexts that it has encoded itself.
  energyVariants[variantOf(params)] as unknown as EnergyVariantRecord<
    unknown,
    EnergyParams,
    EncodedContext
  >;
