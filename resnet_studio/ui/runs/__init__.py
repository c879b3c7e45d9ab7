"""The Runs tab; start at ``tab``. ``compare`` draws several runs side by side."""
