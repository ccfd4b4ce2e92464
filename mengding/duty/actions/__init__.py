"""Every write of duty."""

from mengding.duty.actions.intervals import end_due, end_for_post, forget_old, go_off, go_on
from mengding.duty.actions.leave import (
    ask_leave,
    cancel_closure,
    close_area,
    decide_leave,
    withdraw_leave,
)
from mengding.duty.actions.roster import (
    Generated,
    Plan,
    add_slot,
    change_slot,
    generate,
    remove_slot,
)
from mengding.duty.actions.swaps import (
    answer_swap,
    ask_swap,
    decide_swap,
    lapse_swaps,
    withdraw_swap,
)
from mengding.duty.actions.teams import ShiftData, TeamData, save_shift, save_team

__all__ = [
    "Generated",
    "Plan",
    "ShiftData",
    "TeamData",
    "add_slot",
    "answer_swap",
    "ask_leave",
    "ask_swap",
    "cancel_closure",
    "change_slot",
    "close_area",
    "decide_leave",
    "decide_swap",
    "end_due",
    "end_for_post",
    "forget_old",
    "generate",
    "go_off",
    "go_on",
    "lapse_swaps",
    "remove_slot",
    "save_shift",
    "save_team",
    "withdraw_leave",
    "withdraw_swap",
]
