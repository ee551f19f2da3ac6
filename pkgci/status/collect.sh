# Looks at how a host is and prints it as key=value lines, a key for each thing found. Changes nothing, installs
# nothing; needs bash and what every Debian has. Standard input: this script, with UNITS, PATHS (folders), GEARMAN and
# GERRIT (ports, empty where not asked) and PAGES (name, port, path) set in lines before it.
# pkgci/status/collect.py reads the answer.

# The shell reads the whole function before it runs any of it: no command can eat the rest of the script.
look() {
    LC_ALL=C
    PATH=$PATH:/usr/sbin:/sbin
    export LC_ALL PATH

    # What another program has to answer gets this many seconds.
    LIMIT=5
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT HUP INT TERM

    # The services on their local ports, side by side: what they say, in base64, as one line.
    set -f
    # shellcheck disable=SC2086 # words
    set -- $PAGES
    set +f
    while [ $# -ge 3 ]; do
        ask "page=$1" "$2" "GET $3 HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n" >"$scratch/page.$1" &
        shift 3
    done
    if [ -n "$GEARMAN" ]; then
        ask gearman=status "$GEARMAN" 'status\n' >"$scratch/gearman.status" &
        ask gearman=workers "$GEARMAN" 'workers\n' >"$scratch/gearman.workers" &
    fi

    # The keys of package sources, with the ends of their lives (seconds since 1970).
    if command -v gpg >/dev/null; then
        for file in /etc/apt/keyrings/*; do
            [ -f "$file" ] || continue
            until=$(GNUPGHOME=$scratch gpg --batch --quiet --with-colons --show-keys "$file" 2>/dev/null |
                awk -F : '$1 == "pub" { print $7; exit }')
            [ -n "$until" ] && echo "key=$until $file"
        done
    fi

    for unit in $UNITS; do
        # shellcheck disable=SC2046 # two properties, two words
        echo "unit=$unit" $(systemctl show --property=LoadState --property=ActiveState "$unit" 2>/dev/null)
        case $unit in
            *.timer) service=${unit%.timer}.service ;;
            *) continue ;;
        esac
        # What a timer starts is not running most of the time: it is of interest only where it failed.
        systemctl is-failed --quiet "$service" 2>/dev/null && echo "unit=$service LoadState=loaded ActiveState=failed"
    done

    case " $UNITS " in *" pkgci-firewall "*)
        if ! nft list chain inet pkgci input 2>/dev/null | grep -q 'policy drop;'; then
            echo "firewall=none"
        elif [ -e /var/lib/pkgci-firewall/degraded ]; then
            echo "firewall=others"
        fi
        ;;
    esac

    # The file system of each path, or of its nearest parent that is there: how full it is, and where it is mounted.
    # shellcheck disable=SC2153 # set before
    for path in $PATHS; do
        there=$path
        while [ ! -d "$there" ]; do there=$(dirname "$there"); done
        df -Pk "$there" | awk -v path="$path" 'NR == 2 { print "disk=" path " " $5 " " $6 }'
    done

    [ -r /etc/pkgci/tls/host.crt ] && echo "certificate=$(base64 -w 0 </etc/pkgci/tls/host.crt)"
    if [ -n "$GERRIT" ] && command -v ss >/dev/null; then
        echo "gerrit=$(ss -Htn state established "( dport = :$GERRIT )" | wc -l)"
    fi
    # What the code review refuses to do for Zuul, and what failed that the clock has started.
    if [ -n "$GERRIT" ]; then
        for file in /var/lib/zuul/alerts-*.json; do
            case $file in */alerts-clock.json) key=clock ;; *) key=alerts ;; esac
            [ -r "$file" ] && echo "$key=$(base64 -w 0 <"$file")"
        done
    fi

    # The last run that was meant to change something: its name begins with when it was.
    root=/var/lib/pkgci
    for run in $(cd "$root/runs" 2>/dev/null && printf '%s\n' * | sort -r); do
        grep -qx 'noop no' "$root/runs/$run/holder" 2>/dev/null || continue
        echo "run=$run"
        echo "operator=$(sed -n 's/^operator //p' "$root/runs/$run/holder")"
        [ -e "$root/runs/$run/exit" ] && echo "exit=$(cat "$root/runs/$run/exit")"
        systemctl --quiet is-active "pkgci-run-$run" && echo "running=yes"
        sed -n '/^resources:/,/^[a-z]/s/^  \(changed\|failed\|failed_to_restart\|total\): /count=\1 /p' \
            "$root/runs/$run/summary.yaml" 2>/dev/null
        break
    done
    [ -L "$root/current" ] && echo "release=$(basename "$(readlink "$root/current")")"
    wait
    cat "$scratch"/page.* "$scratch"/gearman.* 2>/dev/null
    echo "now=$(date +%s)"
    echo "end=yes"
}

# Sends $3 to the local port $2 and prints "$1 " and the answer: to its end or, of geard, to the line that is a dot.
# Sent all at once, which bash's own printf would not do.
ask() {
    answer=$(
        # shellcheck disable=SC2016 # for the inner shell
        timeout $LIMIT bash -c '
            exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
            env printf %b "$2" >&3
            case $2 in GET*) cat <&3 ;; *) sed "/^\.\r*$/q" <&3 ;; esac
        ' ask "$2" "$3" 2>/dev/null | base64 -w 0
    )
    echo "$1 $answer"
}

look </dev/null
