"""The exchange: people try each other's models, and a picture that fools one is an attack that can earn a point.

``entries`` keeps the models that their owners brought, and the switch of the teacher; ``attacks`` the pictures, who
judges them and what counts; ``trying`` asks a model; ``standings`` is the board. No text of anybody is in it besides
the names of classes: of a model others see a number, and what one says of it is one of :data:`STICKERS`.
"""

STICKERS = ("star", "heart", "rocket", "shield", "puzzle", "bulb", "medal", "clover")
"""What can be stuck on a model: all of them kind, so that nobody is put down by one."""
