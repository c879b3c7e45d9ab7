"""ResNet Studio: ui."""
