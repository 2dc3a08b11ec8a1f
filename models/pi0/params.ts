/** What a policy learns, by openpi's names; nothing is allocated to say so. */
import { linearSpec } from '../../nn/layers/linear.ts';
import type { ParamsOf } from '../../nn/params.ts';
import { energySpec } from '../energy/config.ts';
import { type GemmaSpec, gemmaSpec } from '../gemma/params.ts';
import { siglipSpec } from '../siglip/params.ts';
import { energyOf, expertsOf, type Pi0Config, tokensPerImage, visionOf } from './config.ts';

type LinearSpec = ReturnType<typeof linearSpec>;

/** The tree of parameters. Some parts belong to π₀ only, some to π₀.₅. */
export interface Pi0Spec {
  readonly PaliGemma: {
    readonly img: ReturnType<typeof siglipSpec>;
    readonly llm: GemmaSpec;
  };
  readonly action_in_proj: LinearSpec;
  readonly action_out_proj: LinearSpec;
  /** π₀. */
  readonly state_proj?: LinearSpec;
  /** π₀. */
  readonly action_time_mlp_in?: LinearSpec;
  /** π₀. */
  readonly action_time_mlp_out?: LinearSpec;
  /** π₀.₅. */
  readonly time_mlp_in?: LinearSpec;
  /** π₀.₅. */
  readonly time_mlp_out?: LinearSpec;
  /** Unless `energyVariant` is `none`. */
  readonly energy_model?: ReturnType<typeof energySpec>;
}

/** The parameters of a policy. */
export type Pi0Params = ParamsOf<Pi0Spec>;

/** How time reaches the action expert. */
function timeSpec({ pi05, actionDim }: Pi0Config, width: number): Partial<Pi0Spec> {
  if (pi05) {
    return { time_mlp_in: linearSpec(width, width), time_mlp_out: linearSpec(width, width) };
  }
  return {
    state_proj: linearSpec(actionDim, width),
    action_time_mlp_in: linearSpec(2 * width, width),
    action_time_mlp_out: linearSpec(width, width),
  };
}

/**
 * The spec of a policy: shapes, types and initializers by path. π₀ has 3,238,048,528 parameters and π₀.₅
 * 3,353,433,872, besides the energy model's 3,955,215.
 *
 * @example
 * const count = nn.countParams(pi0Spec(pi0Config({ energyVariant: 'none' })));
 */
export function pi0Spec(config: Pi0Config): Pi0Spec {
  const experts = expertsOf(config);
  const [{ width: outputs }, { width }] = experts;
  return {
    PaliGemma: {
      img: siglipSpec(visionOf(config), { positions: tokensPerImage(config), outputs }),
      llm: gemmaSpec(experts, {
        vocabulary: config.vocabulary,
        isAdaptive: [false, config.pi05],
      }),
    },
    action_in_proj: linearSpec(config.actionDim, width),
    action_out_proj: linearSpec(width, config.actionDim),
    ...timeSpec(config, width),
    ...(config.energyVariant === 'none' ? {} : { energy_model: energySpec(energyOf(config)) }),
  };
}
