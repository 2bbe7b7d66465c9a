"""What a user is told: the place, what was found, what could stand there."""

from __future__ import annotations

import pytest

from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import parse
from hires_strategies.strategy import LATENT_UPSCALERS
from hires_strategies.vocabulary import Vocabulary

NAMES = Vocabulary(
    (*LATENT_UPSCALERS, "None", "Lanczos", "R-ESRGAN 4x+", "4x-UltraSharp"),
    ("Euler", "Euler a", "DPM++ 2M"),
    ("Automatic", "Karras"),
)

# text, column, and what the message has to say
ERRORS = [
    # sizes
    ("Latent", 7, "Expected a size after 'Latent', 'x2' or '1024x1536' for example, found nothing."),
    ("Latent @0.7", 8, "Expected a size after 'Latent', 'x2' or '1024x1536' for example, found '@0.7'."),
    ("Latent [20 steps]", 8, "Expected a size after 'Latent', 'x2' or '1024x1536' for example, found '[20 steps]'."),
    ("Latentx2 @0.7", 10, "Expected a size after 'Latentx2'"),
    ("Latent xtwo @0.7", 13, "Expected a size after 'Latent xtwo'"),
    ("Latent 1024x @0.7", 8, "found '1024x'"),
    ("Latent 2x @0.7", 8, "found '2x'. Did you mean 'x2'?"),
    ("x2 @0.7", 1, "Expected an upscaler before the size, 'Latent x2' for example, found 'x2'."),
    ("1024x1536", 1, "Expected an upscaler before the size"),
    ("@0.7", 1, "Expected an upscaler and a size, 'Latent x2' for example, found '@0.7'."),
    ("Latent x0 @0.5", 9, "The scale has to be a number above 0 and at most 16, found 0."),
    ("Latent x-1 @0.5", 9, "The scale has to be a number above 0 and at most 16, found -1."),
    ("Latent x17 @0.5", 9, "The scale has to be a number above 0 and at most 16, found 17."),
    ("Latent 0x10 @0.5", 8, "The width has to be a whole number from 1 to 1000000, found 0."),
    ("Latent x1,5 @0.5", 10, "Unexpected ','. A decimal number is written with a point: '1.5'."),
    # denoising strengths
    ("Latent x2", 10, "'Latent' needs a denoising strength, for example '@0.7'."),
    ("Latent x2 > None x2", 10, "'Latent' needs a denoising strength"),
    ("Latent x2 @", 12, "Expected a denoising strength after '@', 0.7 for example, found nothing."),
    ("Latent x2 @{0.5,}", 12, "Expected a denoising strength after '@', 0.7 for example, found nothing."),
    ("Latent x2 @1.7", 12, "The denoising strength has to be a number from 0 to 1 or 'auto', found 1.7."),
    ("Latent x2 @{0.7,1.7}", 17, "The denoising strength has to be a number from 0 to 1 or 'auto', found 1.7."),
    ("Latent x2 @-0.1", 12, "The denoising strength has to be a number from 0 to 1 or 'auto', found -0.1."),
    ("Latent x2 @50%", 12, "Expected a denoising strength after '@', 0.7 for example, found '50%'."),
    ("Latent x2 @sigma1.5", 12, "found 'sigma1.5'. A start sigma is written '@sigma 1.5'."),
    ("Latent x2 @Sigma=1.5", 12, "found 'Sigma=1.5'. A start sigma is written '@sigma 1.5'."),
    ("Latent x2 @0,7", 13, "Unexpected ','. A decimal number is written with a point: '0.7'."),
    ("Latent x2 0.7", 11, "'[', '>' or the end of the line after 'x2', found '0.7'. Did you mean '@0.7'?"),
    ("Latent x2 denoising 0.5", 11, "after 'x2', found 'denoising 0.5'."),
    ("Latent x2 @0.7 Latent x2 @0.5", 16, "'[', '>' or the end of the line after '@0.7', found 'Latent x2 @0.5'."),
    ("Latent x2 @0.7 20 steps", 16, "after '@0.7', found '20 steps'."),
    ("Latent x2 @0.7 -> None x2", 16, "after '@0.7', found '-'."),
    ("Direct x2 @0.5", 12, "'Direct' starts from noise alone, so it takes no denoising strength"),
    # chains
    ("Latent x2 @0.7 >", 17, "A stage is missing here"),
    ("> Latent x2 @0.7", 1, "A stage is missing here"),
    ("Latent x2 @0.7 > > None x2", 17, "A stage is missing here"),
    ("None x2 > Direct x2", 11, "'Direct' starts from noise, so it can only be the first stage."),
    ("Latent x2 @0.7, None x2", 15, "Unexpected ','. One strategy a line, stages between '>'"),
    (" > ".join(["None x1"] * 101), 1001, "at most 100 stages"),
    # names
    ("latnt x2 @0.5", 1, "Unknown upscaler 'latnt'. Did you mean 'Latent'"),
    ("None x2 >  Foo x2", 12, "Unknown upscaler 'Foo'. This WebUI has 'Latent', "),
    ("{Latent,latnt} x2 @0.5", 9, "Unknown upscaler 'latnt'"),
    ("Latent x2 @0.7 [sampler Eulr]", 25, "Unknown sampler 'Eulr'. Did you mean 'Euler' or 'Euler a'?"),
    ("Latent x2 @0.7 [scheduler Karas]", 27, "Unknown scheduler 'Karas'. Did you mean 'Karras'?"),
    ('foo "None" x2', 5, "Quotation marks stand around a whole name"),
    ('"None" @0.5', 8, "Expected a size after '\"None\"'"),
    ('"None x2', 1, "This quotation mark has no second one."),
    ('"" x2', 1, "The upscaler is missing"),
    # options
    ("Latent x2 @0.7 [", 16, "This '[' has no ']' after it."),
    ("Latent x2 @0.7 [checkpoint a [0a1b]]", 36, "found ']'. A name that holds ']' is written in quotation marks."),
    ("Latent x2 @0.7 [20 steps; refiner x]y]", 37, "found 'y]'. A name that holds ']' is written in quotation marks."),
    ("Latent x2 @0.7 [checkpoint a>b]", 16, "no ']' after it. A name that holds '>' is written in quotation marks."),
    ("Latent x2 @0.7 ]", 16, "This ']' has no '[' before it."),
    ("Latent x2 @0.7 []", 17, "Expected an option ('20 steps', "),
    ("Latent x2 @0.7 [20 steps; ]", 27, "found nothing."),
    ("Latent x2 @0.7 [; 20 steps]", 17, "found nothing."),
    ("Latent x2 @0.7 [steps 20]", 17, "found 'steps 20'. Did you mean '20 steps'?"),
    ("Latent x2 @0.7 [cfg]", 20, "Expected a number after 'cfg', found nothing."),
    ("Latent x2 @0.7 [cfg x]", 21, "Expected a number after 'cfg', found 'x'."),
    ("Latent x2 @0.7 [cfg 99]", 21, "The CFG scale has to be a number from 1 to 30, found 99."),
    ("Latent x2 @0.7 [sampler]", 24, "Expected a name after 'sampler', found nothing."),
    ("Latent x2 @0.7 [prompt]", 23, "Expected a text in quotation marks after 'prompt', found nothing."),
    ("Latent x2 @0.7 [prompt a cat]", 24, "Expected a text in quotation marks after 'prompt', found 'a cat'."),
    (r'Latent x2 @0.7 [prompt "a \(cat\)"]', 27, r"write '\\' for a backslash"),
    (r'Latent x2 @0.7 [prompt "\ud800"]', 24, "no character"),
    ("Latent x2 @0.7 [20 steps, cfg 5]", 25, "Unexpected ','. Options are separated by ';'"),
    ("Latent x2 @0.7 [sampler a:b]", 26, "Unexpected ':'. A name that holds ':' is written in quotation marks."),
    ("Latent x2 @0.7 [20 steps; 30 steps]", 27, "'steps' stands here twice."),
    ("Latent x2 @0.7 [0 steps]", 17, "The number of steps has to be a whole number from 1 to 150, found 0."),
    ("Latent x2 @0.7 [2.5 steps]", 17, "The number of steps has to be a whole number from 1 to 150, found 2.5."),
    ("Latent x2 @0.7 [20 steps] foo", 27, "Expected '>' or the end of the line after ']', found 'foo'."),
    ("None x2 [20 steps]", 10, "'steps' is for sampling, and 'None' does none here"),
    ("", 1, "The text is empty"),
    (" \t ", 1, "The text is empty"),
]


@pytest.mark.parametrize(("text", "column", "message"), ERRORS, ids=[row[0][:60] or "empty" for row in ERRORS])
def test_the_place_and_the_words(text: str, column: int, message: str) -> None:
    with pytest.raises(StrategyError) as caught:
        parse(text, NAMES)
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == (1, column)
    assert str(caught.value) == f"Line 1, column {column}: {caught.value.message}"


@pytest.mark.parametrize(("text", "column", "message"), ERRORS[:-2], ids=[row[0][:60] for row in ERRORS[:-2]])
def test_the_line_is_counted(text: str, column: int, message: str) -> None:
    with pytest.raises(StrategyError) as caught:
        parse(f"None x2\r\n\n{text}\nLatent x2", NAMES)
    assert (caught.value.line, caught.value.column) == (3, column)


def test_a_line_separator_inside_a_line_counts_as_a_character() -> None:
    # Neither a text box nor an editor starts a new line here, so the line number must not move on.
    with pytest.raises(StrategyError) as caught:
        parse("None x2\x0b\u2028> Latent x2\nNone x2", NAMES)
    assert (caught.value.line, caught.value.column) == (1, 21)


@pytest.mark.parametrize("name", ["Latnt", "latent", "Latent (bicubic anti-aliased)", "direct"])
def test_without_a_host_a_misspelt_latent_upscaler_is_still_found(name: str) -> None:
    with pytest.raises(StrategyError, match="Did you mean"):
        parse(f"{name} x2 @0.5")


def test_without_a_host_any_other_name_passes() -> None:
    assert parse("Some model of mine x2 @0.5 [sampler New; scheduler Other]")


def test_a_host_without_a_latent_mode_does_not_know_it() -> None:
    with pytest.raises(StrategyError, match=r"Unknown upscaler 'Latent \(bicubic\)'"):
        parse("Latent (bicubic) x2 @0.5", Vocabulary(("Latent", "None")))
