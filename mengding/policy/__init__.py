"""Who may do what to which object, and what each actor may see. Pure: no queries here."""
