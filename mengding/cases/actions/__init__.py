"""Every write on cases: a verb each, one transaction, one event."""

from mengding.cases.actions.appeals import request_appeal
from mengding.cases.actions.approvals import (
    grant,
    refuse,
    request_extension,
    request_return,
    request_suspension,
    request_void,
    resume,
)
from mengding.cases.actions.checking import close, reopen, rework, start_check
from mengding.cases.actions.draws import draw_cases
from mengding.cases.actions.emergency import hand_over, receive_and_hand_over
from mengding.cases.actions.exporting import export
from mengding.cases.actions.field import (
    answer_help,
    arrive,
    ask_help,
    self_handled,
    take_in,
)
from mengding.cases.actions.filing import (
    decline,
    delegate,
    escalate,
    file,
    report_check,
    request_check,
    supervise,
)
from mengding.cases.actions.handling import (
    accept,
    assist_accept,
    assist_done,
    dispatch,
    feed_back,
    reassign,
)
from mengding.cases.actions.intake import Message, amend, join, receive
from mengding.cases.actions.privacy import erase_due, erase_report, reveal_contact
from mengding.cases.actions.rechecks import call_back, uphold
from mengding.cases.actions.relations import link, merge, split
from mengding.cases.actions.talk import note, reply

__all__ = [
    "Message",
    "accept",
    "amend",
    "answer_help",
    "arrive",
    "ask_help",
    "assist_accept",
    "assist_done",
    "call_back",
    "close",
    "decline",
    "delegate",
    "dispatch",
    "draw_cases",
    "erase_due",
    "erase_report",
    "escalate",
    "export",
    "feed_back",
    "file",
    "grant",
    "hand_over",
    "join",
    "link",
    "merge",
    "note",
    "reassign",
    "receive",
    "receive_and_hand_over",
    "refuse",
    "reopen",
    "reply",
    "report_check",
    "request_appeal",
    "request_check",
    "request_extension",
    "request_return",
    "request_suspension",
    "request_void",
    "resume",
    "reveal_contact",
    "rework",
    "self_handled",
    "split",
    "start_check",
    "supervise",
    "take_in",
    "uphold",
]
