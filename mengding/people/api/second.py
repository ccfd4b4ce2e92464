"""/session/second-step and /session/second-factor: codes besides the password."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from mengding.http import ratelimit
from mengding.http.auth import public
from mengding.people import actions, queries
from mengding.people.api.caller import caller
from mengding.people.api.session import SIGN_INS_A_MINUTE, Me, me, of_session

router = Router(tags=["session"])


class CodeIn(Schema):
    """Six digits of the authenticator app, or a recovery code."""

    code: str = Field(max_length=40, examples=["492039"])


class SecondStepIn(CodeIn):
    """The ticket that came for the password, and a code."""

    ticket: str = Field(max_length=400, examples=["WzUsIjFkZiJd:1wAbCd:x7Yk"])


class PasswordIn(Schema):
    """The caller's own password, to be sure that it is them."""

    password: str = Field(max_length=200, examples=["Tea-garden-2026"])


class EnrolmentOut(Schema):
    """For an authenticator app: to scan, to open, or to type."""

    secret: str = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    uri: str = Field(examples=["otpauth://totp/desk?secret=JBSWY3DPEHPK3PXP"])
    qr: str = Field(description="SVG of the QR code.")


class RecoveryCodes(Schema):
    """Each opens once where the device is lost. Shown once."""

    codes: list[str] = Field(examples=[["ab2c-d3ef-gh4j-kmn5"]])


class SecondFactorOut(Schema):
    """How the caller's own second step stands."""

    on: bool
    required: bool
    confirmed_at: datetime | None
    recovery_left: int


@router.post("/session/second-step", response=Me)
@public
def second_step(request: HttpRequest, data: SecondStepIn) -> dict[str, Any]:
    """Finish signing in. Wrong codes count like wrong passwords; a code is taken once."""
    ratelimit.limit(request, "sign_in", SIGN_INS_A_MINUTE)
    actions.second_step(request, data.ticket, data.code)
    return me(request, of_session(request))


@router.get("/session/second-factor", response=SecondFactorOut)
def read_second_factor(request: HttpRequest) -> dict[str, Any]:
    """Whether my second step is on, since when, and how many recovery codes are left."""
    return queries.second_factor(caller(request))


@router.post("/session/second-factor", response=EnrolmentOut)
def begin_second_factor(request: HttpRequest, data: PasswordIn) -> Any:
    """A new secret for my authenticator app. It counts once confirmed with a code."""
    ratelimit.limit(request, "sign_in", SIGN_INS_A_MINUTE)
    return actions.begin_second_factor(request, data.password)


@router.post("/session/second-factor/confirm", response={201: RecoveryCodes})
def confirm_second_factor(request: HttpRequest, data: CodeIn) -> Status[dict[str, Any]]:
    """Switch it on. The recovery codes are in this answer and nowhere else."""
    ratelimit.limit(request, "sign_in", SIGN_INS_A_MINUTE)
    return Status(201, {"codes": actions.confirm_second_factor(request, data.code)})


@router.post("/session/second-factor/recovery", response={201: RecoveryCodes})
def renew_recovery_codes(request: HttpRequest, data: CodeIn) -> Status[dict[str, Any]]:
    """New recovery codes in place of the old ones."""
    ratelimit.limit(request, "sign_in", SIGN_INS_A_MINUTE)
    return Status(201, {"codes": actions.renew_recovery_codes(request, data.code)})


@router.post("/session/second-factor/remove", response=Me)
def remove_second_factor(request: HttpRequest, data: CodeIn) -> dict[str, Any]:
    """Switch it off, unless a post of mine requires it."""
    ratelimit.limit(request, "sign_in", SIGN_INS_A_MINUTE)
    actions.remove_second_factor(request, data.code)
    return me(request, of_session(request))
