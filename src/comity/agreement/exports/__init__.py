"""The agreement in other standards' words, for other systems to read. Exports only: Comity never executes them.

ODRL evaluators drop constraints they cannot bind and then permit, so an agreement is executed from its own text alone.
"""
