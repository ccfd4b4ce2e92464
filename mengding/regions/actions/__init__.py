"""Everything that changes the divisions."""

from mengding.regions.actions.changes import (
    RegionChange,
    RegionData,
    activate_region,
    create_region,
    deactivate_region,
    update_region,
)
from mengding.regions.actions.files import ImportReport, import_divisions_csv, import_geojson
from mengding.regions.actions.store import Draft, Stored, store

__all__ = [
    "Draft",
    "ImportReport",
    "RegionChange",
    "RegionData",
    "Stored",
    "activate_region",
    "create_region",
    "deactivate_region",
    "import_divisions_csv",
    "import_geojson",
    "store",
    "update_region",
]
