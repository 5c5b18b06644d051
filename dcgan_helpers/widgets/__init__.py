"""The explorers: panels for notebooks, with controls that a picture follows."""

from .balance import BalanceExplorer
from .latent import LatentExplorer
from .loss import LossExplorer

__all__ = ["BalanceExplorer", "LatentExplorer", "LossExplorer"]
