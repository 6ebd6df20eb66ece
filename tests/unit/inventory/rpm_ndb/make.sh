#!/bin/sh
# Write `Packages.db` and `query.tsv` with the real rpm, which must have the ndb format (`rpm` of Debian 13 has).
#
#     mmdebstrap --variant=apt --include=rpm trixie ROOT
#     cp make.sh ROOT/root; chroot ROOT sh /root/make.sh; cp ROOT/root/Packages.db ROOT/root/query.tsv .
set -eu
work=$(mktemp -d)
out=$(cd "$(dirname "$0")" && pwd)

build() { # NAME VERSION RELEASE EXTRA
    cat > "$work/$1.spec" <<SPEC
Name: $1
Version: $2
Release: $3
Summary: A package of this test
License: none
BuildArch: noarch
$4
%description
A package of this test.
%package tools
Summary: Its tools
%description tools
Tools.
%install
mkdir -p %{buildroot}/opt/$1
%files
/opt/$1
%files tools
SPEC
    rpmbuild -bb --quiet --nodeps --define "_topdir $work" --define "_buildhost test" \
        --define "use_source_date_epoch_as_buildtime 1" "$work/$1.spec" >&2
}

database() { rpm --define "_db_backend ndb" --dbpath "$work/db" "$@"; }
change() { database --nodeps --noscripts --nosignature --justdb "$@"; }

export SOURCE_DATE_EPOCH=1763856000
build plain '1.0~rc1^git5' 3.el9 ''
build with-epoch 2.3 3.el9 'Epoch: 4'
build zero-epoch 7 3.el9 'Epoch: 0'
build modular 18.2 3.el9 'ModularityLabel: nodejs:18:9050020240101:rhel9'
build erased 1 1 ''
build renewed 1.9 1.el9 ''
change --install "$work"/RPMS/noarch/*.rpm
build renewed 1.10 1.el9 ''
change --upgrade "$work"/RPMS/noarch/renewed*-1.10-1.el9.noarch.rpm
database --nodeps --noscripts --justdb --erase erased erased-tools
database -qa --queryformat '%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\n' | sort > "$out/query.tsv"
cp "$work/db/Packages.db" "$out/Packages.db"
rm -r "$work"
