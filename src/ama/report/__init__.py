"""Pictures of what a detector does."""
