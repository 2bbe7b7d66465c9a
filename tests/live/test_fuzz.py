"""Argument objects that must be refused, over HTTP: 422 with the sentence, and the host generates afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from hires_strategies.errors import StrategyError
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.webui.generation.request import read_arguments
from tests.live.client import Refused, WebUI, same
from tests.properties import examples
from tests.webui.test_request import argument_objects


def test_every_bad_object_is_refused_with_its_sentence(webui: WebUI) -> None:
    upscalers = [each["name"] for each in webui.get("/hires-strategies/v1/upscalers")]
    schedulers = [each["label"] for each in webui.get("/sdapi/v1/schedulers")]
    host = Vocabulary(tuple(upscalers), tuple(webui.names("samplers")), tuple(schedulers))
    before = webui.txt2img("Nearest x2").images[0]

    @settings(max_examples=examples(100), database=None, suppress_health_check=list(HealthCheck))
    @given(argument_objects)
    def send(argument: dict[str, Any]) -> None:
        try:
            read_arguments([argument], host)
        except StrategyError as error:
            sentence = str(error)
        else:
            assume(False)
        assume("NaN" not in json.dumps(argument) and "Infinity" not in json.dumps(argument))  # no JSON
        with pytest.raises(Refused) as caught:
            webui.txt2img(argument)
        assert (caught.value.status, caught.value.detail) == (422, sentence)

    send()
    assert same(webui.txt2img("Nearest x2").images[0], before)
