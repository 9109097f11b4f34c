"""Checks of what the documentation claims: defect maps, columns, false alarms, equal steps."""
