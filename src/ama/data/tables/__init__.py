"""Tables: how each kind is read, and how their columns become samples."""
