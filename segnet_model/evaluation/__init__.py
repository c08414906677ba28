"""Evaluation: metrics, calibration, temperatures and the report."""
