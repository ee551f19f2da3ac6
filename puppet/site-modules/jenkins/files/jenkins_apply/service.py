"""Jenkins' unit."""

from __future__ import annotations

import shlex
import subprocess

UNIT = "jenkins.service"


class Service:
    """Jenkins' unit."""

    def active(self) -> bool:
        """Whether it runs. A start that is under way is waited for: the unit says how long one may take."""
        shown = ["systemctl", "show", "--property=ActiveState", "--value", UNIT]
        if subprocess.run(shown, capture_output=True, text=True, check=True).stdout.strip() == "activating":
            # Joins the job that there is.
            subprocess.run(["systemctl", "start", UNIT], check=False)
        return subprocess.run(["systemctl", "is-active", "--quiet", UNIT], check=False).returncode == 0

    def environment(self) -> dict[str, str]:
        """The variables that its files set."""
        subprocess.run(["systemctl", "daemon-reload"], check=True)
        shown = ["systemctl", "show", "--property=Environment", "--value", UNIT]
        text = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
        pairs = (word.partition("=") for word in shlex.split(text))
        return {name: value for name, equals, value in pairs if equals}

    def stop(self) -> None:
        subprocess.run(["systemctl", "stop", UNIT], check=True)

    def start(self) -> bool:
        """Starts it, and waits until it says that it is ready. Whether it is."""
        subprocess.run(["systemctl", "daemon-reload"], check=True)
        started = subprocess.run(["systemctl", "start", UNIT], check=False).returncode == 0
        return started and self.active()
