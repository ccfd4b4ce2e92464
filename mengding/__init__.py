"""Mengding 蒙顶: one case, one owner, one clock and one honest ledger for a district."""

__version__ = "0.1.0"
