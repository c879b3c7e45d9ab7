"""The Results tab; start at ``tab``. Matrix, mistakes and downloads have a module each."""
