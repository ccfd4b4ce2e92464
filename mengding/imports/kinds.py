"""Which importer reads which kind of file."""

from collections.abc import Callable

from mengding.imports.boston.importer import Importer as Boston
from mengding.imports.casefile import CaseFile
from mengding.imports.open311 import Open311Csv
from mengding.imports.runner import Importer

KINDS: dict[str, Callable[..., Importer]] = {
    "boston311": Boston,
    "open311-csv": Open311Csv,
    "cases": CaseFile,
}


def importer_of(kind: str) -> Callable[..., Importer]:
    """The importer of a kind; KeyError for an unknown one (the command line checks it)."""
    return KINDS[kind]
