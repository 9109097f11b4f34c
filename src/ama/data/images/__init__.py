"""Images: those of folders, tables and lists, and what surrounds them."""
