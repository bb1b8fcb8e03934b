"""The services by which tools of the Virtual Observatory find and fetch spectra: SSAP, DataLink, SODA, cone search, VOSI."""
