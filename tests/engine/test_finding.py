"""Finding how much noise a layout bears, on models whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.errors import StrategyError
from hires_strategies.finding.change import ACCEPTED, Ends
from hires_strategies.finding.curve import change_at

pytest.importorskip("torch", reason="torch is not installed; `python tests` brings it and runs these")

import torch

from hires_strategies.finding.blur import blur_floor
from hires_strategies.finding.layout import kept
from hires_strategies.finding.search import BISECTIONS, HIGHEST, LOWEST, search

STEP = (math.log(HIGHEST) - math.log(LOWEST)) / 2**BISECTIONS  # of log sigma between the last two probes


def latents(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class Model:
    """Predicts the start up to a noise of about `cliff`, and `other` latents far above it; notes what it is asked."""

    def __init__(self, start: torch.Tensor, cliff: float, other: torch.Tensor | None = None) -> None:
        self.start, self.cliff = start, cliff
        self.other = latents(99, *start.shape) if other is None else other
        self.asked: list[float] = []

    def __call__(self, sigma: float) -> torch.Tensor:
        self.asked.append(sigma)
        far = 1.0 if math.isinf(sigma) else 1 / (1 + (self.cliff / sigma) ** 4)
        return (1 - far) * self.start + far * self.other

    def change(self, sigma: float) -> float:
        """As the search reckons it, without its search."""
        ends = Ends(float(kept(self(LOWEST), self.start).mean()), float(kept(self(14.6), self.start).mean()))
        return ends.change(float(kept(self(sigma), self.start).mean()))


class TestLayout:
    def test_latents_of_one_layout_keep_all_of_it_whatever_their_scale(self):
        start = latents(0, 2, 4, 32, 32)
        assert kept(3 * start + 1, start).tolist() == pytest.approx([1, 1], abs=1e-5)
        assert kept(-start, start).tolist() == pytest.approx([-1, -1], abs=1e-5)
        assert kept(latents(1, 2, 4, 32, 32), start).abs().max() < 0.3

    def test_details_within_a_field_do_not_count(self):
        start = latents(0, 1, 4, 8, 8).repeat_interleave(4, 2).repeat_interleave(4, 3)
        checked = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(16, 16)
        assert kept(start + 5 * checked, start).item() == pytest.approx(1, abs=1e-4)

    def test_there_are_eight_fields_along_the_shorter_side(self):
        for height, width in ((16, 32), (24, 16), (19, 40)):
            start = latents(0, 1, 4, height, width)
            scale = 8 / min(height, width)
            pooled = torch.nn.functional.adaptive_avg_pool2d(start, (round(height * scale), round(width * scale)))
            seen = latents(1, 1, 4, height, width)
            wanted = torch.nn.functional.adaptive_avg_pool2d(seen, (pooled.shape[-2], pooled.shape[-1]))
            known = np.corrcoef(pooled.ravel(), wanted.ravel())[0, 1]
            assert kept(seen, start).item() == pytest.approx(known, abs=1e-5)

    def test_latents_with_frames_and_half_precision_are_as_plain_ones(self):
        start, seen = latents(0, 3, 16, 16, 24), latents(1, 3, 16, 16, 24)
        plain = kept(seen, start)
        assert plain.shape == (3,)
        assert torch.equal(kept(seen.unsqueeze(2), start.unsqueeze(2)), plain)
        assert torch.allclose(kept(seen.bfloat16(), start.bfloat16()), plain, atol=0.01)
        assert kept(seen.bfloat16(), start.bfloat16()).dtype == torch.float32

    def test_pictures_smaller_than_the_fields_and_empty_ones(self):
        assert kept(latents(0, 1, 4, 4, 6), latents(0, 1, 4, 4, 6)).item() == pytest.approx(1)
        assert kept(latents(0, 1, 4, 16, 16), torch.ones(1, 4, 16, 16)).item() == 0

    def test_what_is_not_a_number_stays_so(self):
        broken = latents(0, 2, 4, 16, 16)
        broken[1, 0, 3, 3] = math.nan
        found = kept(broken, latents(0, 2, 4, 16, 16))
        assert found[0] == pytest.approx(1, abs=1e-5) and math.isnan(found[1])


class TestSearch:
    @given(st.floats(0.5, 12), st.floats(0.02, 0.5))
    def test_it_finds_where_the_accepted_change_is_reached(self, cliff, accepted):
        model = Model(latents(0, 1, 4, 32, 32), cliff)
        look = search(model, model.start, 14.6, accepted)
        assert look.evaluations == len(model.asked) == 2 + BISECTIONS <= 7
        assert LOWEST <= look.sigma <= HIGHEST
        below, above = math.exp(math.log(look.sigma) - STEP), math.exp(math.log(look.sigma) + STEP)
        assert model.change(below) <= accepted or look.sigma < LOWEST * math.exp(STEP)
        assert model.change(above) >= accepted or look.sigma == HIGHEST

    @given(st.floats(0.5, 12), st.floats(1.05, 2))
    def test_a_cliff_at_more_noise_gives_more(self, cliff, factor):
        start = latents(0, 1, 4, 32, 32)
        assert search(Model(start, cliff * factor), start, 14.6).sigma >= search(Model(start, cliff), start, 14.6).sigma

    def test_more_accepted_change_gives_more_noise(self):
        model = Model(latents(0, 1, 4, 32, 32), 2.0)
        found = [search(model, model.start, 14.6, accepted).sigma for accepted in (0.01, 0.05, 0.2, 0.6)]
        assert found == sorted(set(found))

    def test_a_layout_that_never_goes_allows_all_noise_and_one_that_goes_at_once_hardly_any(self):
        start = latents(0, 1, 4, 32, 32)
        assert search(lambda sigma: start, start, 14.6).sigma == HIGHEST
        assert search(lambda sigma: start, start, 5.0).sigma == 5.0
        gone = search(lambda sigma: start if sigma == LOWEST else -start, start, 14.6)
        assert LOWEST <= gone.sigma < LOWEST * math.exp(STEP)

    def test_points_are_all_probes_by_rising_noise_and_begin_at_no_change(self):
        model = Model(latents(0, 1, 4, 32, 32), 2.0)
        look = search(model, model.start, 14.6)
        assert [sigma for sigma, _ in look.points] == sorted(model.asked)
        assert look.points[0] == (LOWEST, 0.0) and look.points[-1] == pytest.approx((14.6, 1.0))

    def test_a_flow_model_is_asked_for_noise_alone(self):
        model = Model(latents(0, 1, 16, 1, 32, 32), 2.0)
        look = search(model, model.start, math.inf)
        assert math.inf in model.asked and look.points[-1][0] == math.inf
        assert look.sigma == pytest.approx(search(Model(model.start, 2.0), model.start, 1e6).sigma, rel=0.02)

    def test_a_batch_counts_as_one_by_its_mean(self):
        start, other = latents(0, 2, 4, 32, 32), latents(99, 2, 4, 32, 32)
        seen: list[torch.Tensor] = []

        def two(sigma):
            parts = [Model(start[i : i + 1], cliff, other[i : i + 1])(sigma) for i, cliff in enumerate((0.9, 4.0))]
            seen.append(kept(torch.cat(parts), start))
            return torch.cat(parts)

        look = search(two, start, 14.6)
        means = {float(each.mean()) for each in seen}
        ends = Ends(float(seen[0].mean()), float(seen[1].mean()))
        assert {change for _, change in look.points} == {ends.change(mean) for mean in means}
        alone = [search(Model(start[i : i + 1], cliff, other[i : i + 1]), start[i : i + 1], 14.6).sigma
                 for i, cliff in enumerate((0.9, 4.0))]  # fmt: skip
        assert alone[0] < look.sigma < alone[1]

    def test_the_result_is_not_below_the_floor(self):
        model = Model(latents(0, 1, 4, 32, 32), 0.6)
        free = search(model, model.start, 14.6).sigma
        assert search(model, model.start, 14.6, floor=2 * free).sigma == pytest.approx(2 * free)
        assert search(model, model.start, 14.6, floor=free / 2).sigma == pytest.approx(free, rel=0.1)
        assert search(model, model.start, 14.6, floor=50).sigma == HIGHEST

    def test_predictions_that_are_no_picture_are_named(self):
        start = latents(0, 1, 4, 32, 32)
        with pytest.raises(StrategyError, match=r"noise of 1\.64"):
            search(lambda sigma: start * math.nan if 1.6 < sigma < 1.7 else start, start, 14.6)

    def test_a_small_range_of_correlations_does_not_make_noise_of_the_seed_a_change(self):
        assert Ends(0.95, 0.79).change(0.94) == pytest.approx(0.01 / 0.3)
        assert Ends(0.95, 0.15).change(0.55) == pytest.approx(0.5)
        assert Ends(0.95, 0.15).change(0.99) == 0 and Ends(0.9, 0.1).change(-0.5) == 1
        start = latents(0, 1, 4, 32, 32)
        little = Model(start, 2.0, start + 0.2 * latents(99, *start.shape))
        assert search(little, start, 14.6).sigma > search(Model(start, 2.0), start, 14.6).sigma


class TestChangeAt:
    POINTS = ((0.3, 0.0), (1.2, 0.1), (2.4, 0.05), (4.8, 0.5), (math.inf, 1.0))

    def test_it_goes_through_the_points_never_falls_and_ends_flat(self):
        assert change_at(self.POINTS, 0.1) == 0 and change_at(self.POINTS, 0.6) == pytest.approx(0.05)
        assert change_at(self.POINTS, 1.2) == change_at(self.POINTS, 2.4) == pytest.approx(0.1)
        assert change_at(self.POINTS, 4.8) == pytest.approx(0.5)
        assert 0.5 < change_at(self.POINTS, 100) < 1 and change_at(self.POINTS, math.inf) == 1
        with pytest.raises(ValueError):
            change_at((), 1)

    @given(st.lists(st.tuples(st.floats(0.1, 20), st.floats(0, 1)), min_size=1, unique_by=lambda point: point[0]),
           st.floats(0.01, 30), st.floats(0.01, 30))  # fmt: skip
    def test_more_noise_is_never_less_change(self, points, one, other):
        points = sorted(points)
        assert change_at(points, min(one, other)) <= change_at(points, max(one, other)) + 1e-9

    @given(st.floats(0.5, 8), st.floats(0.02, 0.5))
    def test_what_a_person_picks_is_found_again_by_its_change(self, cliff, accepted):
        model = Model(latents(0, 1, 4, 32, 32), cliff)
        look = search(model, model.start, 14.6, accepted)
        if LOWEST * 1.2 < look.sigma < HIGHEST:
            assert change_at(look.points, look.sigma) == pytest.approx(accepted, abs=1e-6)


class TestBlurFloor:
    def pictures(self, seed, *shape, power=1.0):
        """Smooth latents, and the same with white noise of this power above the Nyquist frequency of half the size."""
        small = latents(seed, *shape)
        height, width = shape[-2:]
        spectrum = torch.zeros(*shape[:-2], 2 * height, 2 * width, dtype=torch.complex64)
        low = torch.fft.fft2(small)
        rows = (torch.fft.fftfreq(height) * height).long() % (2 * height)
        columns = (torch.fft.fftfreq(width) * width).long() % (2 * width)
        spectrum[..., rows[:, None], columns[None]] = 4 * low
        smooth = torch.fft.ifft2(spectrum).real
        white = torch.fft.fft2(latents(seed + 1, *smooth.shape))
        white[..., rows[:, None], columns[None]] = 0
        return smooth, smooth + math.sqrt(power) * torch.fft.ifft2(white).real

    @pytest.mark.parametrize("shape", [(2, 4, 16, 16), (1, 4, 12, 20), (1, 16, 1, 16, 24)])
    def test_it_is_the_deviation_of_the_details_that_are_lacking(self, shape):
        smooth, detailed = self.pictures(0, *shape, power=0.25)
        assert blur_floor(smooth, detailed, shape[-2:]) == pytest.approx(0.5, abs=0.05)

    def test_it_is_nothing_where_nothing_is_lacking(self):
        smooth, detailed = self.pictures(0, 1, 4, 16, 16)
        assert blur_floor(detailed, smooth, (16, 16)) == 0
        assert blur_floor(smooth, detailed, (32, 32)) == 0  # a scale of 1 holds all frequencies
        assert blur_floor(smooth, detailed, (40, 40)) == 0

    def test_the_edge_of_a_picture_is_no_detail_and_a_few_latents_are_enough(self):
        smooth, detailed = self.pictures(0, 1, 4, 16, 16)
        slope = torch.linspace(-20, 20, 32)
        sloping = blur_floor(smooth + slope, detailed + slope, (16, 16))
        assert sloping == pytest.approx(blur_floor(smooth, detailed, (16, 16)), rel=0.2)
        assert blur_floor(smooth, smooth + slope, (16, 16)) < 0.2
        assert blur_floor(torch.zeros(1, 4, 2, 2), detailed[..., :2, :2], (1, 1)) > 0.1

    def test_something_that_is_no_picture_is_named(self):
        smooth, detailed = self.pictures(0, 1, 4, 16, 16)
        with pytest.raises(StrategyError, match="not a number"):
            blur_floor(smooth, detailed * math.nan, (16, 16))


def test_the_accepted_change_is_between_none_and_all():
    assert 0 < ACCEPTED < 1
