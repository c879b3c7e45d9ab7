"""The Predict tab: asking a trained model about pictures.

Start at ``tab``. ``queries`` answers about a picture, a drawing or many pictures, ``view`` shows the answers;
``templates`` has its HTML.
"""
