"""Pure projections of a journal: what each kind of client reads, and what their requests mean."""
