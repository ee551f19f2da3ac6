# @summary What a program of a role makes, and that goes with the role: keys above all. No resource has it otherwise.
#
# The title is a path, or a glob.
define leavers::trace {
  # The ledger reads the title.
  assert_type(Stdlib::Absolutepath, $title)
}
