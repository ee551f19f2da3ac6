# Looks at a host and prints what it finds as key=value lines, a key for each thing found. Changes nothing, installs
# nothing; needs a POSIX shell and what every Debian has. Standard input: this script, with NAMES (DNS names),
# ADDRESSES, PATHS, LOGINS (accounts that log in), FROM (an address that they come from), ACCOUNTS (and groups, that
# pkgci makes) and FIRST_ID (of subordinate identities) set in lines before it. pkgci/servers/collect.py reads the answer.

# What somebody else set up, and what stands in pkgci's way: firewalls, sshd's own rules, accounts.
obstacles() {
    grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && echo "firewall=ufw"
    for unit in firewalld shorewall shorewall6 ferm netfilter-persistent; do
        systemctl --quiet is-active "$unit" 2>/dev/null && echo "firewall=$unit"
    done
    command -v nft >/dev/null && echo "nft=$(nft -j list ruleset 2>/dev/null | base64 | tr -d '\n')"
    for program in iptables-legacy-save ip6tables-legacy-save; do
        command -v $program >/dev/null && $program 2>/dev/null | sed -n '/^-A/s/^/iptables=/p; /^:.* DROP/s/^/iptables=/p'
    done

    # What sshd says of an account depends on its name and groups, on who comes, and on Match.
    for name in $LOGINS; do
        echo "ssh_groups=$name $(id -Gn "$name" 2>/dev/null)"
        sshd -T -C "user=$name,host=$FROM,addr=$FROM" 2>/dev/null |
            awk -v name="$name" '/^(allow|deny)(users|groups) |^pubkeyauthentication |^authenticationmethods |^forcecommand / \
                { print "sshd=" name " " $0 }'
    done

    for name in $ACCOUNTS; do
        getent passwd "$name" | sed 's/^/account=/'
        getent group "$name" | sed 's/^/group=/'
    done
    # Users, and the ranges of subordinate identities, by number.
    getent passwd | awk -F : '{ print "uid=" $3 " " $1 }' | awk -v least="$FIRST_ID" '{ split($1, pair, "="); if (pair[2] >= least) print }'
    sed -n 's/^\([^:#]*\):\([0-9]*\):\([0-9]*\)$/subordinate=\1 \2 \3/p' /etc/subuid /etc/subgid 2>/dev/null
}

# The shell reads the whole function before it runs any of it: no command can eat the rest of the script.
look() {
    LC_ALL=C
    PATH=$PATH:/usr/sbin:/sbin
    export LC_ALL PATH

    # An operation that may hang gets this many seconds.
    LIMIT=20

    . /etc/os-release 2>/dev/null
    echo "os=$ID-$VERSION_ID"
    echo "os_name=$PRETTY_NAME"
    echo "cpu=$(getconf _NPROCESSORS_ONLN)"
    awk '$1 == "MemTotal:" { print "memory_kb=" $2 }' /proc/meminfo

    # The file system of each path, or of its nearest parent that is there: mount point, then size and free space in kB.
    for path in $PATHS; do
        there=$path
        while [ ! -d "$there" ]; do there=$(dirname "$there"); done
        df -Pk "$there" | awk -v path="$path" 'NR == 2 { print "disk=" path " " $2 " " $4 " " $6 }'
    done

    # Usable means that it opens: a device file alone is no virtualisation.
    if [ ! -c /dev/kvm ]; then
        echo "kvm=no /dev/kvm"
    elif (exec 3<>/dev/kvm) 2>/dev/null; then
        echo "kvm=usable"
    else
        echo "kvm=/dev/kvm does not open"
    fi

    # The controllers of control groups that systemd can limit with: version 2, or version 1 where that is mounted.
    if [ -d /run/systemd/system ]; then
        if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
            for name in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "controller=$name"; done
        else
            for name in memory pids; do [ -w "/sys/fs/cgroup/$name/cgroup.procs" ] && echo "controller=$name"; done
        fi
    fi

    # By DNS itself first, for /etc/hosts would hide a missing record; what only /etc/hosts knows is marked.
    for name in $NAMES; do
        for address in $(timeout $LIMIT getent -s dns ahosts "$name" | awk '{ print $1 }' | sort -u); do
            echo "forward=$name $address"
        done
    done
    for address in $ADDRESSES; do
        for name in $(timeout $LIMIT getent -s dns hosts "$address" | awk '{ $1 = ""; print }'); do
            echo "reverse=$address dns $name"
        done
        for name in $(timeout $LIMIT getent -s files hosts "$address" | awk '{ $1 = ""; print }'); do
            echo "reverse=$address files $name"
        done
    done

    # One index file of each of apt's own sources, with apt's own proxy and certificates, side by side; kept nowhere.
    if command -v apt-get >/dev/null && [ -x /usr/lib/apt/apt-helper ]; then
        scratch=$(mktemp -d)
        trap 'rm -rf "$scratch"' EXIT HUP INT TERM
        number=0
        for uri in $(apt-get update --print-uris 2>/dev/null | tr -d "'" | awk '$1 ~ /\/InRelease$/ { print $1 }' | sort -u); do
            number=$((number + 1))
            (
                if timeout $LIMIT /usr/lib/apt/apt-helper -o Acquire::Retries=0 -o Acquire::http::Timeout=8 \
                    -o Acquire::https::Timeout=8 -o APT::Sandbox::User=root \
                    download-file "$uri" "$scratch/$number" >/dev/null 2>&1; then
                    echo "mirror=ok $uri"
                else
                    echo "mirror=failed $uri"
                fi
            ) >"$scratch/$number.verdict" &
        done
        wait
        cat "$scratch"/*.verdict 2>/dev/null
        echo "mirrors=$number"
    fi

    # Who listens. ss names the process; without it (or without root) the kernel's own table has to do.
    if command -v ss >/dev/null; then
        ss -Hltnp | awk '{ print "listen=" $4 " " $6 }'
    else
        awk '$4 == "0A" { print "listen_hex=" $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
    fi
    obstacles
    [ -e /var/lib/pkgci/current ] && echo "deployed=yes"
    echo "end=yes"
}

look </dev/null
