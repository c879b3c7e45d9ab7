"""A finished model as a file for other programs: one module a family of formats, all behind one protocol.

Start at ``formats``, which has the protocol and the list; to add a format, write a class for it and put it there.
``source`` is what every format is written from, ``numpy_code`` the lines that prepare a picture without torch.
"""
