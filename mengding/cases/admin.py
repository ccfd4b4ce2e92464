"""Cases are not edited in the admin: every change is a verb in `actions`."""
