"""The page. Gradio is imported here and nowhere below.

Start at ``app``, which starts the server, and ``shell``, which builds the frame. One folder a tab (``data``, ``train``,
``results``, ``predict``, ``runs``), none of which imports another; ``page`` surrounds them, ``drawn`` is charts.
"""

from resnet_studio.ui.page import without_stubs

without_stubs.prepare()
