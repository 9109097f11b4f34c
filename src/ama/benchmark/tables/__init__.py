"""The paper's tables, the ablations and the competing methods, as resumable grids of cells."""
