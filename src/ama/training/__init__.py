"""Training: one step, a whole fit, and what happens beside the steps."""
