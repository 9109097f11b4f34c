"""Charts, pictures and the HTML report."""
