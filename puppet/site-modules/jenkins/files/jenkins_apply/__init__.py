"""Makes Jenkins' plugins and configuration what Puppet wrote down as wanted, and undoes it where Jenkins rejects it.

``main`` is the command line, ``lock`` lets one run at a time work, ``apply`` is the order of things. ``plugins``,
``configuration`` and ``settle`` (with ``nodes``) are what there is to do; ``documents``, ``references``, ``shapes``,
``schema`` and ``validate`` find what is wrong with a configuration before Jenkins is asked; ``service``, ``web`` and
``geard`` are the others: the unit, Jenkins itself, and the Gearman server. ``settings`` and ``files`` are what they all
stand on.
"""
