"""A stand-in of Slack and of a mailbox on loopback, for `docketbot demo` and for tests told from outside."""
