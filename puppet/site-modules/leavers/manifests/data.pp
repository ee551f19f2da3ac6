# @summary What people would miss: it stays when its role goes, unless whoever takes the role away purges its data.
#
# The title is the path of a folder.
define leavers::data {
  # The ledger reads the title.
  assert_type(Stdlib::Absolutepath, $title)
}
