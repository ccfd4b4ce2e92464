"""Plans and tasks, places and their inspections, care visits: what they hold."""

from mengding.tasks.models.care import CareConsent, CareContact, CareVisit
from mengding.tasks.models.places import Answer, Finding, FindingCase, Inspection, Place
from mengding.tasks.models.plans import Deed, Edition, Plan, Task, Visit, Who

__all__ = [
    "Answer",
    "CareConsent",
    "CareContact",
    "CareVisit",
    "Deed",
    "Edition",
    "Finding",
    "FindingCase",
    "Inspection",
    "Place",
    "Plan",
    "Task",
    "Visit",
    "Who",
]
