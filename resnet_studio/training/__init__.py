"""ResNet Studio: training."""
