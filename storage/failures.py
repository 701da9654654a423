"""What can go wrong with a database, as three exceptions whose sentence a person may read."""

from __future__ import annotations


class Unusable(Exception):
    """This database can't be used until somebody mends something; the sentence says what."""


class Unavailable(Exception):
    """The database is locked, full or unreachable now; nothing was recorded, and the caller may try again."""


class Outgrown(Unavailable):
    """A newer program has migrated the database, or is about to: this one records nothing more and has to stop."""


class Conflict(Exception):
    """Somebody else changed the same item meanwhile: the work is run again on what now stands."""
