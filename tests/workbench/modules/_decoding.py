"""Latents of a batch -> pictures."""

from __future__ import annotations

from modules import devices, sd_samplers_common


class DecodedSamples(list):
    """Pictures 3,H,W of about [-1,1], in place of latents."""

    already_decoded = True


def decode_latent_batch(model, batch, target_device=None, check_for_nans=False):
    """Each latent of a batch by itself through the autoencoder. Raises NansException where asked to check."""
    samples = DecodedSamples()
    if check_for_nans:
        devices.test_for_nans(batch, "unet")
    for latent in batch:
        sample = sd_samplers_common.decode_first_stage(model, latent.unsqueeze(0))[0]
        if check_for_nans:
            devices.test_for_nans(sample, "vae")
        samples.append(sample if target_device is None else sample.to(target_device))
    return samples
