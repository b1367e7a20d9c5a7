# SPDX-License-Identifier: GPL-2.0
"""What tern-judge is made of: see tern_judge.py's table of files in judge.rst."""
