# @summary Takes away what roles have brought that the host no longer has.
#
# The first thing of every run: whatever a catalog brings is written down in a ledger on the host, and what is in the ledger
# and in no catalog any more leaves. Services stop, and are disabled; files, keys, sudo rules, web sites, timers and units go;
# an account goes with its programs, or is locked where it owns data. Data stays: leavers::data says what that is. What two
# roles share stays as long as one of them does, and packages stay installed.
#
# A resource with the tag `stays` is never taken away: it is the host's own.
#
# @param purge
#   Whether data of roles that left goes, too.
# @param file
#   The ledger.
class leavers (
  Boolean              $purge = $facts['pkgci_purge'] == 'yes',
  Stdlib::Absolutepath $file  = '/var/lib/pkgci/ledger.json',
) {
  ledger { $file:
    purge => $purge,
  }
}
