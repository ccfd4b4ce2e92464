"""From a line of the archive to a journey."""

from collections.abc import Iterator
from pathlib import Path

from mengding.cases.actions import Message
from mengding.imports.boston import plan as planning
from mengding.imports.boston import setup
from mengding.imports.boston.plan import Plan
from mengding.imports.boston.request import Request, read
from mengding.imports.journey import Cast, Closing, Journey, carry
from mengding.imports.rows import Row

NO_REASON = "（档案未写明）No reason is given in the archive."
NO_CHECK = "档案未记录核查，按办结说明归档。The archive records no check. "


class Importer:
    """Draws up the plan in the first process; the workers are given it ready."""

    source = planning.SCHEME

    def __init__(self, path: Path, plan: Plan | None = None) -> None:
        self.path = path
        if plan is None:
            plan = planning.draw_up(path)
            setup.set_up(plan)
        self.plan: Plan = plan
        self.total = plan.total
        self._cast: Cast | None = None

    def rows(self) -> Iterator[Row]:
        """The lines of the file."""
        return planning.rows(self.path)

    def ref(self, row: Row) -> str:
        """The archive's own number."""
        return row.text("case_enquiry_id")

    def take(self, row: Row) -> None:
        """Carry one line through; raises `Reject` or what the actions refuse with."""
        request = read(row)
        if self._cast is None:
            self._cast = setup.cast()
        carry(self._cast, self._journey(request))

    def _journey(self, request: Request) -> Journey:
        amount, unit = request.limit
        dispatched = request.dispatched_at
        closing = None
        if request.closed is not None:
            finding = NO_CHECK + (request.closure or NO_REASON)
            closing = Closing(request.closed, request.outcome, finding)
        return Journey(
            message=Message(
                text=request.title or request.type,
                channel=request.channel,
                class_code=self.plan.classes[request.type],
                scheme=planning.SCHEME,
                lon=request.lon,
                lat=request.lat,
                address=request.location,
                region_code=setup.ward_code(request.ward),
                source=self.source,
                source_ref=request.ref,
                attributes=request.details,
                media_url=request.photo,
            ),
            reported_at=request.opened,
            filed_at=request.opened,
            condition=self.plan.conditions[request.type, amount, unit],
            dispatched_at=dispatched,
            department=self.plan.departments[request.department],
            accepted_at=dispatched,
            fed_back_at=request.closed,
            report=request.closure or NO_REASON,
            reply=request.closure,
            closing=closing,
        )
