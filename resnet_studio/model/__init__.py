"""ResNet Studio: model."""
