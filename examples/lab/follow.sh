#!/usr/bin/env bash
# How first-package waits for the CI: as long as any of its work goes on. A busy machine may take hours.
# It is sourced, and uses four functions of its caller: `ask`, which sets `change`, `of_change` and `progress`; and `sleep`.

# Seconds between two looks at the change, and at the work of the whole CI.
look=2
survey=15

# Shows what Zuul writes, as it comes, until the Python expression $1 is true of the change. Gives up when nothing at all
# has moved for $2 seconds: no word about the change, no job that was started or ended, and no log that has grown.
follow() {
  local shown=${shown_before:-0} before='' now moved=$SECONDS due=0 count
  while :; do
    # A machine that is too busy to answer is asked again.
    if ask; then
      count=$(of_change 'len(said)')
      if [ "$count" -gt "$shown" ]; then
        of_change '"\n\n".join(said['"$shown"':])' | sed 's/^/   | /'
        shown=$count moved=$SECONDS
      fi
      if [ "$(of_change "$1")" = True ]; then break; fi
    fi
    if [ "$SECONDS" -ge "$due" ]; then
      if now=$(progress 2>/dev/null) && [ "$now" != "$before" ]; then
        before=$now moved=$SECONDS
      fi
      due=$((SECONDS + survey))
    fi
    if [ $((SECONDS - moved)) -gt "$2" ]; then
      echo "nothing has moved for $2 s: see \`pkgci status\`" >&2
      exit 1
    fi
    sleep "$look"
  done
  shown_before=$shown
}
