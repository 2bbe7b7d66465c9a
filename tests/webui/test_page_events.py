"""What the page's requests answer: the newer text wins over fields that were filled from an older one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from modules import shared

from hires_strategies.editing.rows import FIELDS, Row, rows_from_line
from hires_strategies.webui.host.lists import pixel_upscaler
from hires_strategies.webui.page import events
from hires_strategies.webui.page.row_fields import ROWS, row_from_values, updates

WIDTH = len(FIELDS)


def values_of(row: Row):
    return [row.get(name) for name in FIELDS]


def fields_of(text: str):
    rows = rows_from_line(text)
    return [value for n in range(ROWS) for value in values_of(rows[n] if n < len(rows) else Row())]


def test_an_edit_of_a_field_changes_the_text():
    text = "Latent x2 @0.7 > None x2"
    fields = fields_of(text)
    fields[FIELDS.index("denoising")] = 0.6
    assert events.applied(text, f"0\n{text}", *fields) == "Latent x2 @0.6 > None x2"


@pytest.mark.parametrize(("typed", "option"), [("1024", " [tile 1024]"), ("auto", " [tile]"), ("", "")])
def test_a_tile_is_typed(typed: str, option: str):
    text = "None x2 @0.3 [tile 512]"
    fields = fields_of(text)
    assert fields[FIELDS.index("tile")] == "512"
    fields[FIELDS.index("tile")] = typed
    assert events.applied(text, f"0\n{text}", *fields) == f"None x2 @0.3{option}"


def test_nothing_edited_changes_nothing():
    text = "Latent x2 @0.7 > None x2"
    assert not isinstance(events.applied(text, f"0\n{text}", *fields_of(text)), str)


def test_fields_of_an_older_text_do_not_bring_it_back():
    old, new = "Latent x2 @0.7", "Lanczos x3 @0.2"
    fields = fields_of(old)
    fields[FIELDS.index("steps")] = 12
    assert events.applied(new, f"0\n{old}", *fields) == "Lanczos x3 @0.2 [12 steps]"


def test_emptied_and_unknown_fields_count_as_the_first_pass_s_values():
    row = rows_from_line("None x2 @0.5")[0]
    values = dict(zip(FIELDS, values_of(row), strict=True))
    values.update(sampler="Use same sampler", scheduler=None, steps=None, cfg="", prompt=None, width=None)
    assert row_from_values(list(values.values()), row) == row


def test_rows_that_stay_are_not_sent_again():
    rows = rows_from_line("Latent x2 @0.7 > None x2")
    sent = list(updates(rows, (rows[0],)))
    assert len(sent) == ROWS * (2 + WIDTH)
    assert not any("value" in update for update in sent)
    assert sent[2 + WIDTH]["visible"] is False
    added = list(updates((), rows))
    assert added[0]["visible"] is True and added[2]["value"] == "Latent"


def test_only_fields_that_change_are_sent():
    """What the user does in another field before the answer comes stays as it is."""
    before, after = rows_from_line("Latent x2 @0.7"), rows_from_line("Latent x2 @0.7 [cfg 5.5]")
    sent = dict(zip(FIELDS, list(updates(before, after))[2 : 2 + WIDTH], strict=True))
    assert {name: update["value"] for name, update in sent.items() if "value" in update} == {"cfg": 5.5}
    swept = dict(zip(FIELDS, list(updates(before, rows_from_line("Latent x2 @{0.6,0.7}")))[2 : 2 + WIDTH], strict=True))
    assert swept["denoising"]["visible"] is False and swept["sweep"]["visible"] is True
    assert {name for name, update in swept.items() if "value" in update} == {"denoising", "sweep"}


def test_a_line_that_is_gone_leads_to_the_last_one():
    preview, line, shown, *_ = events.refreshed("Latent x2 @0.7\nLatent x1.5 @0.6", "7. None x2", "", {})
    assert line["value"] == "2. Latent x1.5 @0.6" == line["choices"][1] and line["visible"] is True
    assert shown == "1\nLatent x2 @0.7\nLatent x1.5 @0.6"
    assert "1024" in preview
    assert "role" in events.refreshed("Latnt", "1. Latent", shown, {})[0]


def test_a_chain_longer_than_the_rows_says_so():
    texts = {number: " > ".join(["None x1"] * number) for number in (ROWS, ROWS + 1, ROWS + 3)}
    told = {number: events.refreshed(text, "1", "", {})[5] for number, text in texts.items()}
    assert told[ROWS] == ""
    assert "Stage 7 has no row" in told[ROWS + 1] and "Stages 7 to 9 have no row" in told[ROWS + 3]
    assert "As text" in told[ROWS + 1]


def test_the_box_of_presets_is_left_alone_unless_it_is_wrong():
    assert "value" not in events.refreshed("Latent x2 @0.7", "1", "", {"preset": "Latent 2x"})[6]
    assert events.refreshed("Latent x2 @0.6", "1", "", {"preset": "Latent 2x"})[6]["value"] == ""


def test_a_new_stage_is_of_use_as_it_comes(api):
    assert events.added_stage("Latent x2 @0.7", "1") == "Latent x2 @0.7 > R-ESRGAN 4x+ x2"
    text, line = events.added_line("Latent x2 @0.7", "1")
    assert text == "Latent x2 @0.7\nR-ESRGAN 4x+ x2 @0.35" and line["value"] == "2. R-ESRGAN 4x+ x2 @0.35"


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ({"None": None, "Lanczos": None, "ScuNET": "/models/s.pth", "R-ESRGAN 4x+": "/models/r.pth"}, "R-ESRGAN 4x+"),
        ({"Lanczos": None, "R-ESRGAN 4x+": "https://example.org/r.pth", "4x own": "C:\\models\\own.pth"}, "4x own"),
        ({"None": None, "Nearest": None, "LDSR": None}, "Lanczos"),
    ],
)  # fmt: skip
def test_the_pixel_upscaler_is_one_that_need_not_be_downloaded(monkeypatch, there, chosen):
    entries = [SimpleNamespace(name=name, data_path=path, local_data_path=path) for name, path in there.items()]
    monkeypatch.setattr(shared, "sd_upscalers", entries)
    assert pixel_upscaler() == chosen
