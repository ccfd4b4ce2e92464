"""Changing the catalogue: whole files, drafts class by class, publishing and retiring."""

from mengding.catalogue.actions.drafts import (
    discard,
    put_class,
    remove_class,
    rename_big,
    start_draft,
)
from mengding.catalogue.actions.versions import load_file, publish, retire

__all__ = [
    "discard",
    "load_file",
    "publish",
    "put_class",
    "remove_class",
    "rename_big",
    "retire",
    "start_draft",
]
