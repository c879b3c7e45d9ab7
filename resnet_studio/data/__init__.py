"""ResNet Studio: data."""
