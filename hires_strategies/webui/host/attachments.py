"""Everything this extension attaches to the host's objects, each under one name.

On `p`, as values that only this extension reads (`hang`, `held`, `drop`):

| JOB | the generation's Job, from before_process on; the host's copies of `p` find the same one |
| CELL | what the axes of an X/Y/Z plot ask of this cell |
| AXES | the axes of the plot confirmed so far, on the plot's own `p` |
| ORIGINAL | the gallery's image that our button runs on (generation.selected_image), until it is returned |
| BAR | the progress of the batch being sampled |
| OF_FOLDER | the picture of a folder that this generation starts from |
| ONE_IMAGE | the image of a batch that a stage's copy of `p` is for, where memory was too little for all at once |

On `p`, in place of its methods `sample`, `setup_prompts` and `save_samples`: a Replacement (hooks.SampleThenStages,
refusal.Refusal, host.saving).

On an image (`hang_on_image`, `held_by_image`): RECORD, its entry in the answer's info.

On `processed`: a subclass in place of its class (`exchange_class`; output.records), whose `js` writes the records.

For the length of one call, put back in a `finally`: the scaler's `do_upscale` (host.pixels), the `forward` of the
autoencoder's networks (host.tiled_autoencoder), and p.extra_generation_params (first_pass.recall). Until it is called,
once: the `run` of the selected script of the list (output.records), and for a folder of pictures p.scripts and the
host's `process_images_inner` (generation.folder_run).

Other extensions copy `p`, even deeply, and serialise its fields as JSON or pickle them. So a value is attached as a
token: a string that holds it. A copy holds the same value; a string that came back from JSON or a pickle finds it as
long as something else holds it; otherwise nothing counts as attached. No value outlives the last `p` that holds it.

What a module keeps for itself stays private to it, behind its functions: host.progress (how many batches are to
come), host.changed_predictions (what changes those of the stage that samples), first_pass.recall (the remembered first
passes), first_pass.handed_out (those that the page may ask for), output.selected_records (what runs on a selected image
gave), page.events (the host's fields and the section built last).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4
from weakref import WeakValueDictionary

from PIL.Image import Image

from .processing import Processed, Processing

PREFIX = "hires_strategies_"
JOB = PREFIX + "job"
CELL = PREFIX + "cell"
AXES = PREFIX + "axes"
ORIGINAL = PREFIX + "original"
BAR = PREFIX + "bar"
OF_FOLDER = PREFIX + "of_folder"
ONE_IMAGE = PREFIX + "one_image"
RECORD = PREFIX + "record"

T = TypeVar("T")


class _Token(str):
    """A string by which its `value` is found, and which keeps it alive."""

    value: object

    def __copy__(self) -> _Token:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> _Token:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)


_tokens: WeakValueDictionary[str, _Token] = WeakValueDictionary()


def hang(p: Processing, name: str, value: object) -> None:
    """Attach a value to `p`, and to the copies made of it from now on."""
    token = _Token(uuid4().hex)
    token.value = value
    _tokens[str(token)] = token
    setattr(p, name, token)


def held(p: Processing, name: str, kind: type[T]) -> T | None:
    """The attached value of that name and kind, or None."""
    token = _tokens.get(str(getattr(p, name, "")))
    return token.value if token is not None and isinstance(token.value, kind) else None


def drop(p: object, name: str) -> None:
    vars(p).pop(name, None)


class Replacement(dict[str, Any]):
    """Base of the callables that replace a method on `p`.

    Copying p's fields keeps this very object; writing them as JSON or pickling them gives an empty mapping,
    which `replaced` passes over.
    """

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __copy__(self) -> Replacement:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Replacement:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, ()


def replaced(p: object, method: str) -> Callable[..., Any] | None:
    """What replaces a method of its class on `p` itself, ours or another extension's; None for nothing."""
    own = vars(p).get(method)
    return own if callable(own) else None


def hang_on_image(image: Image, name: str, value: object) -> None:
    setattr(image, name, value)


def held_by_image(image: Image | None, name: str, kind: type[T]) -> T | None:
    value = getattr(image, name, None)
    return value if isinstance(value, kind) else None


def exchange_class(processed: Processed, kind: type) -> None:
    """Make `processed` a `kind`, a subclass of its class, also in the copies that X/Y/Z plot makes of it."""
    processed.__class__ = kind
