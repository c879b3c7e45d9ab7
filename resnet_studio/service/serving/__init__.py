"""Models as a web service, without gradio: pictures in, answers out, under ``/v1``.

Start at ``api`` (the routes), then ``models`` (what is served, and how it is loaded); ``catalogue`` exchanges models
while requests run, ``pictures`` reads requests, ``answers`` writes what is answered, ``tokens`` and ``limits`` say who
may ask how much, ``drift`` notices that pictures have changed, ``figures`` are for Prometheus, ``server`` is the
command's own server, ``workspace_models`` what the page's server serves.
"""
