"""What every app may use: the clock, texts in two languages, errors, the actor, sealing."""
