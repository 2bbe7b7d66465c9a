"""Restoring faces."""

from modules import shared


def restore_faces(np_image):
    """The picture, H,W,3 of bytes, after the restorer that the settings name; unchanged where there is none."""
    for restorer in shared.face_restorers:
        if restorer.name() == shared.opts.face_restoration_model:
            return restorer.restore(np_image)
    return np_image
