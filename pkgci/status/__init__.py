"""How a site is: its hosts, services, certificates, and what is in Gearman, Zuul and Jenkins. Asked, judged, shown."""
