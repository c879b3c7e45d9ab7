"""The Predict tab; start at ``tab``. ``asking`` answers about a picture, a drawing or many pictures."""
