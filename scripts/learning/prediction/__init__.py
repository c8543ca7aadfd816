"""Models that predict: their parameters are estimated here and written as seeds; SQL scores everyone with them."""
