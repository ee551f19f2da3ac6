"""What of an RPM distribution is made here out of Debian, where mock and an EL mirror cannot be had."""
