"""Tells a Forge Neo the widths of the stand-ins: `python -m tests.live.checkpoints.narrow_neo WEBUI`.

As `narrow_hosts.py` does for the rest of Forge's family, in a clone that is kept for tests. Neo reads Flux's widths in
the checkpoint; those of Anima, Z-Image, Flux 2 Klein and of their text encoders (Qwen 3) stand in its sources. Seen on
Neo of February 2026 (6e1e0d5a) and Neo 2.26 (5692d2d1).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.live.checkpoints.narrow_hosts import DIFFUSERS, VAE, Edit, configurations, unets, update

GUESS = "modules_forge/packages/huggingface_guess"
LLM = "backend/nn/llm/llama.py"
WIDTH = 128  # of the transformers: one head of Flux 2, two of Anima
Z_WIDTH = 256  # two heads of Z-Image; its time has a width of 256 at least
SMALL = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 1,
         "num_key_value_heads": 1}  # fmt: skip
# Klein reads the hidden states before the layers 9, 18 and 27.
LARGE = {**SMALL, "hidden_size": 96, "num_hidden_layers": 28}
REAL = {
    "Qwen3_06BConfig": {"hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
                        "num_attention_heads": 16, "num_key_value_heads": 8},
    "Qwen3_4BConfig": {"hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36,
                       "num_attention_heads": 32, "num_key_value_heads": 8},
}  # fmt: skip
WAN_VAE = {"base_dim": 16, "num_res_blocks": 1}
QWEN_MODELS = {"circlestone-labs/Anima": SMALL, "Tongyi-MAI/Z-Image-Turbo": LARGE,
               "black-forest-labs/FLUX.2-klein-4B": LARGE}  # fmt: skip


def transformers() -> list[Edit]:
    detection, models = f"{GUESS}/detection.py", f"{GUESS}/model_list.py"
    anima = {"adaln_lora_dim": (256, 16), "crossattn_emb_channels": (1024, SMALL["hidden_size"]),
             "num_blocks": (28, 1), "num_heads": (16, 2)}  # fmt: skip
    z_image = {"n_heads": (30, 2), "n_kv_heads": (30, 2)}
    return [
        Edit(models, "class Flux2K4B(", '"hidden_size": 3072', f'"hidden_size": {WIDTH}'),
        Edit(models, "class ZImage(", '"dim": 3840', f'"dim": {Z_WIDTH}'),
        Edit(detection, "if", 'dit_config["dim"] == 3840', f'dit_config["dim"] == {Z_WIDTH}'),
        Edit(detection, '"image_model"] = "anima"', '["model_channels"] == 2048', f'["model_channels"] == {WIDTH}'),
        *(Edit(detection, "# Z-image", f'["{name}"] = {old}', f'["{name}"] = {new}')
          for name, (old, new) in z_image.items()),
        *(Edit(detection, '"image_model"] = "anima"', f'["{name}"] = {old}', f'["{name}"] = {new}')
          for name, (old, new) in anima.items()),
    ]  # fmt: skip


def text_encoders() -> list[Edit]:
    adapter = {"source_dim": (1024, 64), "target_dim": (1024, 64), "model_dim": (1024, 64), "num_layers": (6, 1),
               "num_heads": (16, 1)}  # fmt: skip
    small = {"Qwen3_06BConfig": SMALL, "Qwen3_4BConfig": LARGE}
    return [
        *(Edit(LLM, f"class {each}", f"{name}: int = {old}\n", f"{name}: int = {small[each][name]}\n")
          for each, values in REAL.items() for name, old in values.items()),
        *(Edit("backend/nn/anima.py", "class LLMAdapter", f"{name}={old},", f"{name}={new},")
          for name, (old, new) in adapter.items()),
        Edit("backend/loader.py", "Qwen3", '["hidden_size"] == 2560', f'["hidden_size"] == {LARGE["hidden_size"]}'),
    ]  # fmt: skip


def neo(webui: Path) -> None:
    for edit in (*unets(f"{GUESS}/model_list.py"), *transformers(), *text_encoders()):
        edit.apply(webui)
    configurations(webui)
    for model, values in QWEN_MODELS.items():
        folder = webui / DIFFUSERS / model
        update(folder / "text_encoder" / "config.json", values)
        update(folder / "vae" / "config.json", WAN_VAE if "Anima" in model else VAE)


def main() -> None:
    parser = argparse.ArgumentParser(description="Tells a Forge Neo the widths of the stand-ins.")
    parser.add_argument("webui", metavar="WEBUI", type=Path)
    webui = parser.parse_args().webui
    neo(webui)
    print(f"{webui} knows the stand-ins' widths.")


if __name__ == "__main__":
    main()
