#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fuzz-full: fuzz with a hundred thousand mutated segments at each state.
exec env TERN_FUZZ="${TERN_FUZZ:-100000}" "$(dirname "$0")/fuzz"
