"""What the page's requests answer: the newer text wins over fields that were filled from an older one."""

from __future__ import annotations

from hires_strategies.editing.rows import FIELDS, Row, rows_from_line
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
    preview, line, shown, *_ = events.refreshed("Latent x2 @0.7\nLatent x1.5 @0.6", "7", "", {})
    assert line["value"] == "2" and line["visible"] is True
    assert shown == "1\nLatent x2 @0.7\nLatent x1.5 @0.6"
    assert "1024" in preview
    assert "role" in events.refreshed("Latnt", "1", shown, {})[0]
