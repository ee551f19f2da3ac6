"""The lab: a site's hosts made out of containers, with systemd, sshd and a firewall of their own in each."""
