"""`<lora:name:0.8>` and the like: networks that a prompt switches on."""

from __future__ import annotations

import re
from collections import defaultdict

from modules import errors

extra_network_registry: dict[str, ExtraNetwork] = {}
_TAG = re.compile(r"<(\w+):([^>]+)>")


class ExtraNetworkParams:
    """What stands after the kind in a tag: `name:0.8:te=0.5` -> positional and named values."""

    def __init__(self, items=None):
        self.items = items or []
        pairs = [item.split("=", 1) for item in self.items]
        self.positional = [pair[0] for pair in pairs if len(pair) == 1]
        self.named = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    def __eq__(self, other):
        return self.items == other.items


class ExtraNetwork:
    """One kind of network; `name` is what stands after `<`."""

    def __init__(self, name):
        self.name = name

    def activate(self, p, params_list):
        """Switch on exactly these; called for every batch, with an empty list where no prompt names one."""
        raise NotImplementedError

    def deactivate(self, p):
        """The job is over."""
        raise NotImplementedError


def register_extra_network(extra_network):
    """Make a kind known."""
    extra_network_registry[extra_network.name] = extra_network


def activate(p, extra_network_data):
    """Switch on what the prompts name, and all other kinds off; then tell the scripts."""
    for name, network in extra_network_registry.items():
        try:
            network.activate(p, list(extra_network_data.get(name, [])))
        except Exception as e:
            errors.display(e, f"activating extra network {name}")
    if p.scripts is not None:
        batch = {"batch_number": p.iteration, "prompts": p.prompts, "seeds": p.seeds, "subseeds": p.subseeds}
        p.scripts.after_extra_networks_activate(p, extra_network_data=extra_network_data, **batch)


def deactivate(p, extra_network_data):
    """The end of a job that named networks."""
    for name, network in extra_network_registry.items():
        try:
            network.deactivate(p)
        except Exception as e:
            errors.display(e, f"deactivating extra network {name}")


def parse_prompt(prompt):
    """(the prompt without tags, {kind: [ExtraNetworkParams]})."""
    found = defaultdict(list)

    def take(match: re.Match) -> str:
        found[match.group(1)].append(ExtraNetworkParams(items=match.group(2).split(":")))
        return ""

    return _TAG.sub(take, prompt), found


def parse_prompts(prompts):
    """(the prompts without tags, the networks of the first prompt): the others' tags count for nothing."""
    parsed = [parse_prompt(prompt) for prompt in prompts]
    return [prompt for prompt, _ in parsed], parsed[0][1] if parsed else None
