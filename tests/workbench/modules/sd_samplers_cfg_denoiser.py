"""Classifier-free guidance around the model."""

from __future__ import annotations

from typing import Any

import torch

from modules import prompt_parser, sd_samplers_common
from modules.script_callbacks import (
    AfterCFGCallbackParams,
    CFGDenoisedParams,
    CFGDenoiserParams,
    cfg_after_cfg_callback,
    cfg_denoised_callback,
    cfg_denoiser_callback,
)
from modules.shared import opts, state


class CFGDenoiser(torch.nn.Module):
    """Each call is a step: both conditionings of that step through the model, combined by the CFG scale."""

    def __init__(self, sampler):
        super().__init__()
        self.sampler = sampler
        self.model_wrap = None
        self.total_steps = None
        self.step = 0
        self.p: Any = None

    @property
    def inner_model(self):
        """The loaded model in the form that the sampler wants; made anew after a refiner swap."""
        raise NotImplementedError

    def _timestep_of(self, sigma):
        """The model's timestep (0 to 999) that a sigma stands for."""
        raise NotImplementedError

    def get_pred_x0(self, x_in, x_out, sigma):
        """The picture that the model sees in x_in, for the preview."""
        return x_out

    def update_inner_model(self):
        """Another checkpoint was loaded: use it, with its conditioning."""
        self.model_wrap = None
        args = self.sampler.sampler_extra_args
        args["cond"], args["uncond"] = self.p.get_conds()

    def forward(self, x, sigma, uncond, cond, cond_scale, s_min_uncond, image_cond):
        """The model's answer for latents B,4,h,w at sigmas B, guided; at low sigmas only every other time, if asked."""
        if state.interrupted or state.skipped:
            raise sd_samplers_common.InterruptedException
        if sd_samplers_common.apply_refiner(self, sigma):
            cond, uncond = self.sampler.sampler_extra_args["cond"], self.sampler.sampler_extra_args["uncond"]

        conds_list, positive = prompt_parser.reconstruct_multicond_batch(cond, self.step)
        negative = prompt_parser.reconstruct_cond_batch(uncond, self.step)
        rows = [i for i, conds in enumerate(conds_list) for _ in conds]
        first = [conds[0][0] for conds in conds_list]
        x_in, sigma_in, image_in = (torch.cat([part[rows], part]) for part in (x, sigma, image_cond))
        begun = CFGDenoiserParams(x_in, image_in, sigma_in, *_steps(), positive, negative, self)
        cfg_denoiser_callback(begun)
        x_in, image_in, sigma_in = begun.x, begun.image_cond, begun.sigma
        positive, negative = begun.text_cond, begun.text_uncond
        if self.step % 2 and sigma[0] < s_min_uncond:
            self.p.extra_generation_params["NGMS"] = s_min_uncond
            cond_scale, negative = 1.0, negative[:0]
        x_out = self._evaluate(x_in, sigma_in, image_in, positive, negative)
        cfg_denoised_callback(CFGDenoisedParams(x_out, *_steps(), self.inner_model))

        denoised_uncond = x_out[len(rows) :] if len(negative) else x_out[first]
        denoised = denoised_uncond.clone()
        for i, conds in enumerate(conds_list):
            for row, weight in conds:
                denoised[i] += (x_out[row] - denoised_uncond[i]) * (weight * cond_scale)

        self.sampler.last_latent = self.get_pred_x0(x_in[first], x_out[first], sigma)
        sd_samplers_common.store_latent(self.sampler.last_latent)
        done = AfterCFGCallbackParams(denoised, *_steps())
        cfg_after_cfg_callback(done)
        self.step += 1
        return done.x

    def _evaluate(self, x, sigma, image_cond, positive, negative):
        """Positive rows and negative rows through the model: at once where their lengths and the settings allow."""
        at_once = opts.batch_cond_uncond and positive.shape[1] == negative.shape[1]
        conds = [torch.cat([positive, negative])] if at_once else [positive, negative]
        outs, start = [], 0
        for cond in filter(len, conds):
            part = slice(start, start + len(cond))
            given = {"c_crossattn": [cond], "c_concat": [image_cond[part]]}
            outs.append(self.inner_model(x[part], sigma[part], cond=given))
            start = part.stop
        return torch.cat(outs)


def _steps() -> tuple[int, int]:
    return state.sampling_step, state.sampling_steps
