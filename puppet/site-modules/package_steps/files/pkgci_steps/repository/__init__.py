"""The package repositories of the publisher: the released one, and one for each change under review.

A repository is a folder of its own, with a lock of its own. What readers see is one *generation*: a folder with the
indexes of all targets, their signatures, the pages and the list of what is in it (``manifest``). A new generation is
made aside and becomes visible by one rename; packages are in folders beside the generations, which never change. So
whatever happens while something is published, readers see the state before it or the state after it, and there is no
database that could disagree with what is published.

The tools are apt-ftparchive for DEB and createrepo_c for RPM: both are told what is new, and take the rest from the
indexes of the generation before. gpg signs.

``engine`` is how others work on a repository; ``publish_review`` and ``promote`` are the programs of two steps.
"""
