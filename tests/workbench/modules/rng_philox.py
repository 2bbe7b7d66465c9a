"""RNG source "NV": the same noise on every device. Numpy's Philox here, whose numbers are not those of NVIDIA's."""

import numpy as np


class Generator:
    """Normal noise of a seed, independent of torch."""

    def __init__(self, seed):
        self.seed = seed
        self._numpy = np.random.Generator(np.random.Philox(key=int(seed)))

    def randn(self, shape):
        """An array of float32."""
        return self._numpy.standard_normal(shape, dtype=np.float32)
