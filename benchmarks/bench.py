"""Print how long things take here: `make bench`."""
