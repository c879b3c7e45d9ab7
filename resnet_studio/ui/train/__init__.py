"""The Train tab; start at ``tab``. ``handlers`` do what the form asks, ``live`` feeds all pages with what runs."""
