"""The paper's figures, AUROC against training time, and the gallery."""
