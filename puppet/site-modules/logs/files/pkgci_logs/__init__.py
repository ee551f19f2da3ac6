"""The log server's programs: what takes logs in, what shows whose they are, and what removes old ones.

Everything in the store of logs was sent by hosts that run what nobody has reviewed. Its names and its contents are read
as such: a name has one of a few shapes, a document is a limited number of bytes, and nothing is ever followed or run.

It runs on the Python of every supported host (3.10 and newer), with nothing but the standard library.
"""
