"""Makes a model whose right strength is high: ours, fine-tuned for minutes on whole pictures of several sizes.

    python tests/workbench/finder/several_sizes.py --weights FOLDER --minutes 25

The workbench's model saw no picture larger than its base size, so that at twice the size it draws several figures as
soon as a second pass is strong enough to draw a composition anew. This one saw whole figures at 128, 192 and 256
pixels a side, mostly at the noisier steps, where a composition arises. The autoencoder stays as it is. The weights stay
outside the repository; a course by the clock depends on the machine, so that no two of them are alike.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from figures import dataset, diffusion, networks
from figures.scene import make_scene

BASE = (128, 128)
# How large against the base size, how many pictures of it, and their share of the batches.
SIZES = {1.0: (300, 0.15), 1.5: (400, 0.25), 2.0: (600, 0.6)}
BATCH = 8
NOISIER = 0.7  # share of the pictures that are shown at the steps from NOISIER_FROM on
NOISIER_FROM = 400
FIRST_SEED = dataset.FIRST_SEED + 500_000  # neither of a test nor of the model's own training

Pictures = dict[float, list[dataset.Drawing]]


def drawings(model: networks.Model, file: Path) -> Pictures:
    """Whole full-body pictures by their size against the base size, drawn and encoded, or read from `file`."""
    if file.exists():
        stored: Pictures = torch.load(file, weights_only=False)
        return stored
    found: Pictures = {}
    seed = FIRST_SEED
    for scale, (count, _) in SIZES.items():
        scenes = [make_scene(seed + number, BASE, "full body") for number in range(count)]
        found[scale] = list(dataset._encode(model, scenes, scale))
        seed += count
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(found, file)
    return found


class Trainer(diffusion.Trainer):
    """Shows whole pictures of several sizes; each batch has one size."""

    def __init__(self, model: networks.Model, pictures: Pictures, course: diffusion.Course) -> None:
        super().__init__(model, dataset.Dataset({}, {}), course)
        self.pictures = pictures

    def batch(self) -> tuple[torch.Tensor, ...]:
        """Latents, tokens, steps, noise and the weight of each latent's error."""
        rng = np.random.default_rng((self.course.seed, self.step))
        torch.manual_seed(int(rng.integers(2**62)))
        scale = float(rng.choice(list(SIZES), p=[share for _, share in SIZES.values()]))
        steps = rng.integers(0, 1000, BATCH)
        noisier = rng.random(BATCH) < NOISIER
        steps[noisier] = rng.integers(NOISIER_FROM, 1000, int(noisier.sum()))
        latents, captions, weights = [], [], []
        for step in steps:
            drawing = self.pictures[scale][int(rng.integers(len(self.pictures[scale])))]
            latents.append(drawing.latents)
            captions.append(self.empty if rng.random() < diffusion.CAPTIONLESS else drawing.framed)
            head = drawing.head if step < diffusion.HEAD_BELOW else None
            weights.append(diffusion.head_weights(drawing.latents, head))
        clean = torch.stack(latents).float()
        return clean, torch.stack(captions), torch.from_numpy(steps), torch.randn_like(clean), torch.stack(weights)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--rate", type=float, default=4e-4, help="the highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def report(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    model = networks.load_model()
    pictures = drawings(model, options.weights / "latents.pt")
    report("drawn and encoded")
    model.unet.to(memory_format=torch.channels_last)
    course = diffusion.Course(0, options.rate, 0, options.minutes)
    trainer = Trainer(model, pictures, course)
    checkpoint = options.weights / "training.pt"
    if checkpoint.exists():
        trainer.resume(checkpoint)
    trainer.run(checkpoint, options.weights, report)


if __name__ == "__main__":
    main()
