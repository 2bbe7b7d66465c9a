"""Is a second pass worth it? Rolling more first passes finds keepers, too."""

from __future__ import annotations


def per_keeper(one_in: float, cost: float) -> float:
    """First passes spent per keeper, if one image in `one_in` is a keeper and each costs `cost` first passes."""
    return one_in * cost


QUESTION = "Is a second pass worth it?"
# What to fill in for `worth_it`.
ASKED = (
    "Fill in how many pictures you make until one is worth keeping (a keeper): of first passes alone, and of pictures "
    "that went through the strategy."
)


def worth_it(one_in_without: float, one_in_with: float, cost: float) -> str:
    """The answer in one line. `cost` is that of a run in first passes, including its own."""
    if one_in_without < 1 or one_in_with < 1:
        return "Say one picture in how many is a keeper: 1 or more."
    without, with_strategy = per_keeper(one_in_without, 1), per_keeper(one_in_with, cost)
    if with_strategy < without:
        verdict = "Worth it"
    elif with_strategy == without:
        verdict = "No difference"
    else:
        verdict = "Rolling again is cheaper"
    spent = f"{_count(without)} first passes without the strategy, {_count(with_strategy)} with it"
    return f"{verdict}: a keeper costs {spent}."


def _count(number: float) -> str:
    return f"{number:.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"
