"""`make faults N=10000`: the field app's way of writing, on the worst network and server there is.

A real server on a database of its own; devices that keep their queue on disk and write by the
protocol of docs/field-sync.md; between them a layer that drops, delays, doubles, reorders and cuts
off what passes, while servers and apps are killed and started again. In the end everything that
was queued is on the server exactly once, or the last line says how much is not.
"""
