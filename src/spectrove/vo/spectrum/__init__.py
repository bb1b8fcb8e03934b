"""One spectrum as tools of the Virtual Observatory take it: VOTable, FITS table, picture, and parts of it."""
