"""The predictor, ways to estimate uncertainty, the answer and its outputs."""
