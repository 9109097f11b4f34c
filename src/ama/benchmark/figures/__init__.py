"""The paper's figures and the gallery."""
