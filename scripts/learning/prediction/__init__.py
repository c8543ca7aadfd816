"""Predictive models: their parameters are estimated here and written as seeds; SQL scores customers with them."""
