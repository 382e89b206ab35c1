"""Drills (应急演练): something is broken on purpose, in a sandbox, and the real code mends it.

    scenario (data) ─► sandbox ─► steady? ─► inject ─► detect ─► recover ─► steady? ─► score
                          └── guard: nothing outside of the sandbox may be touched

`model` says what a scenario is, `guard` what may be touched, `injections` how things break,
`scoring` what came of it, `records` what is kept, `planning` when the next one is.  Who recovers
are the same steps as in an incident (`tasks.drill`).
"""
