"""The paper's tables, ablations and competitors, as a resumable grid of cells."""
