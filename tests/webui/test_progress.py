"""The host's progress bar: it never falls, and moves as the work does, whatever runs.

Time is counted in pixels that the model saw, so that the machine's load changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

FIELDS: dict[str, Any] = {"prompt": "a house", "seed": 7, "steps": 10, "width": 64, "height": 64}


class Watch:
    """What the host's progress showed at each call of the model, with the work done until then, and at each job."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []
        self.work = 0.0

    def read(self) -> None:
        from modules import progress

        self.seen.append((progress._fraction_done(), self.work))


@pytest.fixture
def watch(api: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser
    from modules.shared_state import State

    from hires_strategies.planning.timing import Timing

    monkeypatch.setattr(Timing, "seconds", lambda self, tasks, model="": [None] * len(tasks))
    forward, nextjob, watch = CFGDenoiser.forward, State.nextjob, Watch()

    def counting(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        watch.read()
        watch.work += x.shape[0] * x.shape[2] * x.shape[3]
        return forward(self, x, *args, **kwargs)

    def counted(self: Any) -> None:
        watch.read()
        nextjob(self)
        watch.read()

    monkeypatch.setattr(CFGDenoiser, "forward", counting)
    monkeypatch.setattr(State, "nextjob", counted)
    yield watch


def generate(api: Callable[..., Any], text: str, **fields: Any) -> None:
    argument = {"strategies": text.splitlines(), "reuse_first_pass": False, **fields.pop("ours", {})}
    fields.setdefault("alwayson_scripts", {"Hires strategies": {"args": [argument]}})
    api(**{**FIELDS, **fields})


def check(watch: Watch, within: float = 0.1) -> None:
    shown = [value for value, _ in watch.seen]
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(1.0)
    for value, work in watch.seen:
        assert abs(value - work / watch.work) < within, (value, work / watch.work)


RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "a long first pass": ("Latent x2 @0.5 [4 steps]", {"steps": 60}),
    "a short first pass": ("Latent x2 @0.5 [40 steps]", {"steps": 4}),
    "a sweep": ("Latent x{1.5,2} @{0.5,0.7}", {}),
    "a chain": ("Latent x2 @0.5 > Latent x1.5 @0.4 [20 steps] > Lanczos x2", {}),
    "count and size": ("Latent x2 @0.5\nLanczos x1.5 @0.4", {"n_iter": 3, "batch_size": 2}),
    "only pixels": ("Lanczos x2 > Nearest x2", {"n_iter": 2}),
    "Direct": ("Direct x2\nDirect x1.5", {"n_iter": 2}),
    "Direct beside others": ("Direct x2\nLatent x1.5 @0.5", {}),
    "two calls a step": ("Lanczos x2 @0.5 [30 steps; sampler Heun]", {}),
    "a strength to find": ("Latent x2 @auto!", {"n_iter": 2}),
    "what turns out equal": ("Lanczos x2 @{auto!,0.75,0.7,0.65,0.6,0.5,0.4} [4 steps] > Lanczos x1.5 @auto!", {}),
    "Hires. fix": (
        "Latent x1.5 @0.5\nLanczos x1.5",
        {"enable_hr": True, "hr_scale": 2, "hr_upscaler": "Latent", "denoising_strength": 0.7, "n_iter": 2},
    ),
    "Hires. fix of few steps": (
        "Latent x1.5 @0.5",
        {"enable_hr": True, "hr_scale": 2, "hr_upscaler": "Lanczos", "denoising_strength": 0.7,
         "hr_second_pass_steps": 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_the_bar_moves_as_the_work_does(api: Callable[..., Any], watch: Watch, name: str) -> None:
    text, fields = RUNS[name]
    generate(api, text, **fields)
    # An upscale alone counts as one model evaluation, and here takes no time at all.
    check(
        watch,
        {
            "only pixels": 0.5,
            "a chain": 0.25,
            "Hires. fix": 0.2,
            "two calls a step": 0.15,
            "what turns out equal": 0.6,
        }.get(name, 0.1),
    )


class Clock:
    """Time that passes with the work alone: larger pictures cost more a pixel, an upscaler and the autoencoder too."""

    def __init__(self) -> None:
        self.now = 0.0
        self.seen: list[tuple[float, float]] = []

    def perf_counter(self) -> float:
        return self.now

    def costs(self, seconds: Callable[..., float], function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            from modules import progress

            self.seen.append((self.now, progress._fraction_done()))
            self.now += seconds(*args)
            return function(*args, **kwargs)

        return timed


@pytest.fixture
def clock(api: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Clock:
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    from hires_strategies.planning.timing import Timing
    from hires_strategies.running import run
    from hires_strategies.webui import hooks
    from hires_strategies.webui.generation import batch_progress, learnt_times
    from hires_strategies.webui.host.stages import WebuiHost

    clock = Clock()
    for module in (run, hooks):
        monkeypatch.setattr(module, "time", clock)
    for module in (batch_progress, learnt_times):
        monkeypatch.setattr(module, "timing_file", lambda: Timing(tmp_path / "timing.json"))
    model = clock.costs(lambda self, x, *_: x.shape[0] * (x.shape[2] * x.shape[3]) ** 1.5, CFGDenoiser.forward)
    decode = clock.costs(lambda self, latents, *_: latents.numel(), WebuiHost.decode)
    upscale = clock.costs(lambda self, images, to: len(images) * to.width * to.height * 0.1, WebuiHost.pixel_upscale)
    monkeypatch.setattr(CFGDenoiser, "forward", model)
    monkeypatch.setattr(WebuiHost, "decode", decode)
    monkeypatch.setattr(WebuiHost, "pixel_upscale", upscale)
    return clock


LEARNT = ("a long first pass", "a sweep", "a chain", "count and size", "only pixels", "Direct", "two calls a step")


@pytest.mark.parametrize("name", LEARNT)
def test_the_time_left_is_right_after_the_first_run(api: Callable[..., Any], clock: Clock, name: str) -> None:
    text, fields = RUNS[name]
    generate(api, text, **fields)
    clock.now, clock.seen = 0.0, []
    generate(api, text, **fields)
    told = [(now, now / shown) for now, shown in clock.seen if now > clock.now / 3]
    assert told
    for now, whole in told:  # the host takes the time so far by the part that is done
        assert abs(whole - clock.now) < clock.now / 4, (now, whole, clock.now)


def test_a_reused_first_pass_has_no_share(api: Callable[..., Any], watch: Watch) -> None:
    text, ours = "Latent x2 @0.5", {"reuse_first_pass": True}
    generate(api, text, seed=71, ours=ours)
    watch.__init__()  # type: ignore[misc]
    generate(api, text, seed=71, ours=ours)
    check(watch)


def plot(labels: list[str], *axes: tuple[str, str]) -> list[Any]:
    padded = [*axes, ("Nothing", ""), ("Nothing", "")][:3]
    arguments: list[Any] = []
    for label, values in padded:
        arguments += [labels.index(label), values, []]
    return [*arguments, False, True, False, False, False, False, False, 0, True]


@pytest.mark.parametrize(
    ("axes", "fields"),
    [
        ([("Seed", "1, 2, 3")], {"n_iter": 2}),
        ([("[Hires] Denoising strength", "0.4, 0.6")], {}),
        ([("Steps", "4, 20, 8")], {}),
    ],
)
def test_the_cells_of_a_plot(api: Callable[..., Any], watch: Watch, axes: Any, fields: Any) -> None:
    from modules import scripts

    script: Any = next(each for each in scripts.scripts_txt2img.selectable_scripts if each.title() == "X/Y/Z plot")
    labels = [option.label for option in script.current_axis_options]
    axes = [(next(label for label in labels if label.startswith(name)), values) for name, values in axes]
    generate(api, "Latent x2 @0.5", script_name="x/y/z plot", script_args=plot(labels, *axes), **fields)
    check(watch, 0.25)


def test_a_failed_stage_and_a_skipped_batch(api: Callable[..., Any], watch: Watch, monkeypatch: Any) -> None:
    from modules import shared

    from hires_strategies.webui.host.stages import WebuiHost

    def fail(self: Any, *args: Any) -> Any:
        shared.state.skip()
        raise RuntimeError("no memory")

    monkeypatch.setattr(WebuiHost, "latent_upscale", fail)
    generate(api, "Latent x2 @0.5\nLanczos x2 @0.5", n_iter=3)
    shown = [value for value, _ in watch.seen]
    assert shown == sorted(shown)


def test_the_console_counts_every_step_beforehand(api: Callable[..., Any], watch: Watch, monkeypatch: Any) -> None:
    from modules import shared

    totals: list[int] = []
    monkeypatch.setattr(type(shared.total_tqdm), "updateTotal", lambda self, total: totals.append(total))
    generate(api, "Latent x2 @0.5 [4 steps]\nLanczos x2", n_iter=2)
    assert totals == [28, 28]


def test_without_a_strategy_the_hosts_numbers_are_its_own(api: Callable[..., Any], watch: Watch) -> None:
    from modules import shared

    generate(api, "", alwayson_scripts={}, n_iter=2)
    assert type(shared.state.job_no) is int and shared.state.job_no == 2
