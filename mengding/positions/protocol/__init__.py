"""What devices say, as fixes: our own batches, OsmAnd/Traccar clients, OwnTracks. Pure.

Kept of a fix: place, time, accuracy and whether the place was simulated. Speed, heading, altitude,
battery, activity, network and device model are read past: nothing here needs them.
"""

from mengding.positions.protocol import osmand, own, owntracks
from mengding.positions.protocol.fix import Fix, Malformed, Placed, Verdict, judge

__all__ = ["Fix", "Malformed", "Placed", "Verdict", "judge", "osmand", "own", "owntracks"]
