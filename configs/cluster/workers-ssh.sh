#!/bin/bash
# Workers for a study on hosts that ssh reaches, one each:
#
#   STUDY='postgresql://watt@db/nets?study=mnist' configs/cluster/workers-ssh.sh node1 node2 node3
#
# Each host has wattgrind in its PATH and the password in ~/.pgpass. Ctrl-C ends the connections,
# and with them the workers, whose trials others take once their leases have run out. Tried with a
# stand-in for ssh that runs its command on this host.
set -u
: "${STUDY:?wanted STUDY=postgresql://USER@HOST/DATABASE?study=NAME in the environment}"
[[ $# -gt 0 ]] || { echo "usage: STUDY=URL $0 HOST..." >&2; exit 2; }

for host in "$@"; do
  # -tt: a terminal there, whose end is the worker's.
  ssh -tt "$host" "$(printf '%q ' wattgrind worker --study "$STUDY")" </dev/null 2>&1 |
    sed -u "s/^/$host: /" &
done
wait
