"""Every write to people: signing in, organisations, accounts, posts, tokens."""

from mengding.people.actions.accounts import (
    activate_account,
    create_account,
    deactivate_account,
    reset_password,
    reset_second_factor,
    unlock_account,
    update_account,
)
from mengding.people.actions.batch import Newcomer, Welcomed, create_accounts
from mengding.people.actions.districts import DistrictPlan, DistrictReport, found_district
from mengding.people.actions.organisations import (
    OrganisationData,
    activate_organisation,
    create_organisation,
    deactivate_organisation,
    update_organisation,
)
from mengding.people.actions.posts import create_post, end_post
from mengding.people.actions.second import (
    TICKET_AGE,
    Enrolment,
    begin_second_factor,
    confirm_second_factor,
    remove_second_factor,
    renew_recovery_codes,
    second_step,
    ticket_for,
)
from mengding.people.actions.signin import (
    change_password,
    sign_in,
    sign_out,
    switch_post,
    verify,
)
from mengding.people.actions.tokens import issue_token, revoke_token

__all__ = [
    "TICKET_AGE",
    "DistrictPlan",
    "DistrictReport",
    "Enrolment",
    "Newcomer",
    "OrganisationData",
    "Welcomed",
    "activate_account",
    "activate_organisation",
    "begin_second_factor",
    "change_password",
    "confirm_second_factor",
    "create_account",
    "create_accounts",
    "create_organisation",
    "create_post",
    "deactivate_account",
    "deactivate_organisation",
    "end_post",
    "found_district",
    "issue_token",
    "remove_second_factor",
    "renew_recovery_codes",
    "reset_password",
    "reset_second_factor",
    "revoke_token",
    "second_step",
    "sign_in",
    "sign_out",
    "switch_post",
    "ticket_for",
    "unlock_account",
    "update_account",
    "update_organisation",
    "verify",
]
