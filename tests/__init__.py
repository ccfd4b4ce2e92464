"""Tests across apps; tests of one app stand beside it."""
