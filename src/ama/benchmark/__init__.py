"""Every published figure: tables, checks, speed and figures."""
