"""HTTP shapes of people: session, organisations, accounts, posts, tokens, new districts."""

from ninja import Router

from mengding.people.api import (
    accounts,
    districts,
    holdings,
    organisations,
    second,
    session,
    tokens,
)

router = Router(tags=["people"])
router.add_router("", session.router)
router.add_router("", second.router)
router.add_router("", organisations.router)
router.add_router("", accounts.router)
router.add_router("", tokens.router)
router.add_router("", districts.router)
router.add_router("", holdings.router)
