"""The arithmetic of warnings: baselines, control limits, scans. Pure."""
