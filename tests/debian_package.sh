#!/usr/bin/env bash
# debian_package.sh BUILD: makes the Debian package, installs it in a bare Debian 12 made for it, and runs
# it there from the root folder, as a user who is not root.
# Exit: 0 all of it works, 1 something does not, 77 this system cannot try (not root, or no mmdebstrap).
set -euo pipefail

build=$(cd "$1" && pwd)
[[ $(id -u) -eq 0 ]] && command -v mmdebstrap dpkg-shlibdeps >/dev/null || exit 77

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root

(cd "$build" && cpack -G DEB -B "$scratch" >/dev/null)
package=("$scratch"/wattgrind_*.deb)
dpkg-deb --info "${package[0]}"

mmdebstrap --variant=minbase --quiet bookworm "$root"
cp "${package[0]}" "$root/tmp/wattgrind.deb"
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/tmp "$@"; }
# The package alone, with what it cannot do without.
inside apt-get -q update | tail -n 1
inside sh -c 'cd /tmp && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install ./wattgrind.deb' |
  tail -n 3

as_user() { inside setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
as_user wattgrind --version
as_user wattgrind estimate lenet5 --machine zen3 --quiet | tail -n 3
as_user wattgrind networks resnet50 --format csv | wc -l
as_user sh -c 'cd /tmp && wattgrind search dffr_digits --trials 2 --quiet | head -n 2'
inside ls /usr/share/bash-completion/completions/wattgrind /usr/share/wattgrind/configs/searches/dffr_digits.json
# A minimal Debian leaves man pages out, as its dpkg.cfg.d says; the package has them.
dpkg-deb --contents "${package[0]}" | grep -c 'man1/wattgrind.*\.1\.gz'
# Nothing is left behind.
inside apt-get -q -y purge wattgrind | tail -n 1
[[ ! -e $root/usr/bin/wattgrind && ! -e $root/usr/share/wattgrind ]]
printf 'the package works\n'
