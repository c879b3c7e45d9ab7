"""What surrounds the tabs: who may reach the server, middleware, routes, theme, downloads, words of the reader.

``context`` is what every tab is built with; ``middleware`` is the way of every request.
"""
