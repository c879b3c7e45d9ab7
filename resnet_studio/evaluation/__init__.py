"""ResNet Studio: evaluation."""
