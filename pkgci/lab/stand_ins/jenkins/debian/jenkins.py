#!/usr/bin/python3
"""What the unit starts."""

import sys

sys.path.insert(0, "/usr/lib/jenkins-stand-in")

from jenkins_stand_in.__main__ import main

sys.exit(main())
