"""Gives each fork random numbers of its own, except where the notebook chose the seed itself."""

import gc
import os
import random
import sys
from typing import Any

CHOSEN = "_dashops_seed_chosen"
LARGE = 2**64  # an integer that NumPy got from the system is larger than any that people write
TORCH_LARGE = 2**32


class Seeds:
    """Watches who seeds Python's generators, and seeds again in a fork what nobody seeded."""

    def __init__(self) -> None:
        seed = random.Random.seed

        def noted(self: random.Random, a: Any = None, version: int = 2) -> None:
            seed(self, a, version)
            self.__dict__[CHOSEN] = a is not None

        random.Random.seed = noted  # type: ignore[method-assign]
        self._global: Any = random._inst
        random.seed = self._global.seed
        self._generators: list[Any] = []
        # Python itself seeds the global one anew in a fork, whoever seeded it.
        self._state: Any = None
        os.register_at_fork(before=self._keep, after_in_child=self._restore)

    def find(self, sources: list[str]) -> None:
        """Look for generators nobody seeded, before the collector is told to forget what is.

        Args:
            sources: code of the notebook; a seed that stands in it was chosen.
        """
        numpy: Any = sys.modules.get("numpy.random")
        kinds = (random.Random, *((numpy.BitGenerator,) if numpy else ()))
        text = "\n".join(sources)
        found = (each for each in gc.get_objects() if isinstance(each, kinds))
        self._generators = [each for each in found if _unseeded(each, text)]

    def renew(self) -> None:
        """In a fork: seed them."""
        for each in self._generators:
            if isinstance(each, random.Random):
                each.seed()
            else:
                each.state = type(each)().state
        torch = sys.modules.get("torch")
        if torch and torch.initial_seed() >= TORCH_LARGE:
            torch.seed()
        if ssl := sys.modules.get("ssl"):
            ssl.RAND_add(os.urandom(32), 32)

    def _keep(self) -> None:
        self._state = random.getstate() if getattr(self._global, CHOSEN, False) else None

    def _restore(self) -> None:
        if self._state is not None:
            random.setstate(self._state)


def _unseeded(generator: Any, text: str) -> bool:
    if isinstance(generator, random.Random):
        # One made before the watch began has no mark: only the global one, which Python seeds.
        return not getattr(generator, CHOSEN, True)
    sequence = getattr(generator, "seed_seq", None)
    entropy = getattr(sequence, "entropy", None)
    if not isinstance(entropy, int) or entropy < LARGE:
        return False
    return str(entropy) not in text and f"{entropy:x}" not in text.lower()
