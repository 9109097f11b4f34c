"""Images: their files, lists and arrays, how they are decoded, the layouts of folders, and masks."""
