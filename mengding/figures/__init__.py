"""Numbers over the cases: what the wall screen shows, within what its post may see."""
