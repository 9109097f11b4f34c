"""One file per term of the score: Eq. 5, Eq. 6 and those beyond them."""
