"""Which labels are likely wrong (``suspects``), and which pictures to label next (``next_labels``).

Both look at features that a network has before it is trained on the labels; nothing here changes a
label: that is an edit, see :mod:`resnet_studio.data.edits`.
"""
