"""What protection costs: metering, prices, FOCUS-shaped rows, budgets, savings.

    stores and run records ──► usage ─┐
                                      ├──► charges ──► bill ──► margins, variance, savings, benefit
    registers (prices, hours, ...) ───┘       └──► rows (CSV)

Money is whole fen; a price is an exact decimal; what is divided is divided without remainder.
"""
