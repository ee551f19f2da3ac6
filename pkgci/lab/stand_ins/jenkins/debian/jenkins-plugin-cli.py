#!/usr/bin/python3
"""The plugin manager of pkgci's stand-in for Jenkins."""

import sys

sys.path.insert(0, "/usr/lib/jenkins-stand-in")

from jenkins_stand_in.plugin_cli import main

sys.exit(main())
