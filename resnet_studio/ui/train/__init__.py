"""The Train tab: the form of settings, and the run that is being trained.

Start at ``tab``. ``handlers`` do what the form asks, ``live`` sends all pages what runs, ``live_view`` shows it;
``templates`` has its HTML.
"""
