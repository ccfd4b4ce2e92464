"""Made-up files in the shape of the Boston archive: nothing of the real one is kept here."""

import csv
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

_HEADING = (
    "case_enquiry_id,open_dt,target_dt,closed_dt,ontime,case_status,closure_reason,case_title,"
    "subject,reason,type,queue,department,submittedphoto,closedphoto,location,fire_district,"
    "pwd_district,city_council_district,police_district,neighborhood,"
    "neighborhood_services_district,ward,precinct,location_street_name,location_zipcode,latitude,"
    "longitude,source"
)
HEADING = next(csv.reader([_HEADING]))

# The real archive where a contributor has it; never part of the repository.
REAL = Path(
    os.environ.get("MENGDING_BOSTON311")
    or Path(__file__).parents[4] / "shared/data/boston311/boston_311_2011.zip"
)

Line = dict[str, str]


def line(number: int, **other: str) -> Line:
    """An ordinary line: opened, answered a day later, on time."""
    opened = datetime.fromisoformat("2011-07-05 08:00:17") + timedelta(minutes=7 * number)
    target, closed = opened + timedelta(days=2), opened + timedelta(days=1)
    return dict.fromkeys(HEADING, "") | {
        "case_enquiry_id": str(900_000_000 + number),
        "open_dt": str(opened),
        "target_dt": str(target),
        "closed_dt": str(closed),
        "ontime": "ONTIME",
        "case_status": "Closed",
        "closure_reason": "Case Closed Case Resolved The lamp burns again. ",
        "case_title": "A lamp is out",
        "subject": "Made-up Works",
        "reason": "Made-up Lights",
        "type": "Lamp Out",
        "queue": "MUPW_Lamp Out",
        "department": "MUPW",
        "location": "1 Nowhere St",
        "neighborhood": "Nowhere",
        "ward": "Ward 7",
        "precinct": "0701",
        "latitude": "42.3",
        "longitude": "-71.1",
        "source": "Constituent Call",
    } | other  # fmt: skip


# What the archive's peculiarities look like, each with the verdict the archive itself gives.
PECULIAR: list[Line] = [
    # Closed in the very second of the target, and one second after it.
    line(1, target_dt="2011-07-07 10:00:00", closed_dt="2011-07-07 10:00:00"),
    line(2, target_dt="2011-07-07 10:00:00", closed_dt="2011-07-07 10:00:01", ontime="OVERDUE"),
    # Seconds that do not fill a minute; a target before the opening; one 48 years away.
    line(3, open_dt="2011-07-05 08:00:59", target_dt="2011-07-06 00:00:00",
         closed_dt="2011-07-06 00:00:20", ontime="OVERDUE"),
    line(4, target_dt="2011-07-04 08:00:00", ontime="OVERDUE"),
    line(5, target_dt="2059-07-01 08:45:17"),
    # Closed in the second of its opening, on time.
    line(6, open_dt="2011-07-05 09:00:00", closed_dt="2011-07-05 09:00:00"),
    # No target: never late.
    line(7, target_dt="", department="MUTD", type="New Sign"),
    line(8, target_dt="", closed_dt="2011-12-30 10:00:00", type="New Sign"),
    # Over the end of summer time, when Boston's clocks go back one hour.
    line(9, open_dt="2011-11-04 12:00:00", target_dt="2011-11-07 12:00:00",
         closed_dt="2011-11-07 12:00:01", ontime="OVERDUE"),
    # The archive says nothing of these; its times do.
    line(10, ontime="", closed_dt="2011-08-30 10:00:00"),
    # Not fixed, and not the city's.
    line(11, closure_reason="Case Closed Duplicate of Existing Case See the other one. "),
    line(12, closure_reason="Case Closed Case Referred to External Agency The railway's. "),
    line(13, closure_reason=""),
    # Open: still in time when the archive was made, and not.
    line(14, closed_dt="", case_status="Open", closure_reason="", ontime="ONTIME"),
    line(15, closed_dt="", case_status="Open", closure_reason="", ontime="OVERDUE"),
    # No ward, no place, a ward written otherwise, spaces doubled, several lines in one field.
    line(16, ward="", precinct=""),
    line(17, latitude="", longitude=""),
    line(18, ward="07", department="MUPW ", type="Lamp  Out"),
    line(19, case_title='A "lamp",\nor two', source="Self Service"),
    line(20, department="MUTD", source="Citizens Connect App", reason="Made-up Signs"),
]  # fmt: skip


def write(path: Path, lines: Iterable[Line]) -> Path:
    """The lines as a CSV file with its heading."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, HEADING, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return path
