"""Trains the workbench's model from a seed, or goes on where a training was cut off.

    python tests/workbench/train.py

Three stages: the autoencoder, the latents of the drawings, the UNet with the text encoder. Each keeps its state in the
work folder and is passed over once done, so the same command resumes. Runs on a GPU where torch finds one.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))

from figures import autoencoder, dataset, diffusion, networks


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--crops", type=int, default=50_000, help="64x64 crops shown to the autoencoder")
    parser.add_argument("--whole", type=int, default=20_000, help="pictures at the base size")
    parser.add_argument("--larger", type=int, default=2_000, help="larger drawings to take windows of")
    parser.add_argument("--images", type=int, default=1_000_000, help="pictures shown to the UNet")
    parser.add_argument("--minutes", type=float, help="minutes by the clock that the UNet trains, instead of --images")
    parser.add_argument("--rate", type=float, default=1.2e-3, help="the highest learning rate of the UNet")
    parser.add_argument(
        "--start", type=Path, metavar="FOLDER", help="weights to start from; the autoencoder is then kept as it is"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(__file__).resolve().parent / "training",
        help="folder for checkpoints and latents",
    )
    parser.add_argument("--weights", type=Path, default=networks.WEIGHTS, help="folder for the trained weights")
    parser.add_argument("--threads", type=int, default=0, help="threads on a CPU; all cores if not given")
    return parser.parse_args()


def report(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


def main() -> None:
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    (options.work / ".gitignore").write_text("*\n", encoding="utf-8")
    model = networks.load_model(options.start) if options.start else networks.new_model()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for network in (model.vae, model.unet, model.text):
        network.to(device)
    model.unet.to(memory_format=torch.channels_last)
    model.vae.to(memory_format=torch.channels_last)
    if not options.start:
        autoencoder.train(model.vae, options.crops, options.work / "autoencoder.pt", report)
    data = dataset.build(model, (options.whole, options.larger), options.work / "latents.pt", report)
    course = diffusion.Course(options.images, options.rate, options.seed, options.minutes)
    trainer = diffusion.Trainer(model, data, course)
    checkpoint = options.work / "diffusion.pt"
    if checkpoint.exists():
        trainer.resume(checkpoint)
    report(f"training on {device} from image {trainer.step * diffusion.BATCH}")
    trainer.run(checkpoint, options.weights, report)


if __name__ == "__main__":
    main()
