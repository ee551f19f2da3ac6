# @summary The unit of work that is done in the background, with no rights but those that it needs.
#
# @param work
#   What it does, as whom, and where it writes. It has no network, or that of its host with `network => 'local'`.
# @return
#   The unit's file.
function systemd_unit::work(Systemd_unit::Work $work) >> String[1] {
  epp('systemd_unit/work.epp', { 'work' => $work })
}
