#!/usr/bin/env bash
# Installs the servers that integration tests and `AppHost --servers` run: Debian's packages, and Garnet, a .NET tool. Does nothing when all are
# there. The packages' own services are neither started nor enabled: this product starts its own instances, in its own folders.
set -euo pipefail

# Garnet stands in for Redis. Without it its tests are skipped, so a failure here is no more than a warning.
garnet_version=2.2.8
tools=${HOME:-/root}/.cache/recommender/tools
[ "$(id -u)" -eq 0 ] && tools=/usr/local/lib/recommender/tools
if [ ! -x /usr/local/lib/recommender/tools/garnet-server ] && [ ! -x "$tools/garnet-server" ] && ! command -v garnet-server >/dev/null 2>&1; then
  echo "install-servers: garnet-server $garnet_version into $tools"
  dotnet tool install garnet-server --tool-path "$tools" --version "$garnet_version" >/dev/null \
    || echo "install-servers: garnet-server could not be installed; its tests will be skipped" >&2
fi

packages=(rabbitmq-server redis-server postgresql chromium wrk amqp-tools)

installed() {
  case "$1" in
    rabbitmq-server) [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] ;;
    redis-server) command -v redis-server ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/postgres' ;;
    chromium) command -v chromium ;;
    wrk) command -v wrk ;;
    amqp-tools) command -v amqp-publish ;;
  esac >/dev/null 2>&1
}

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-servers: no apt-get on this machine. Install by hand: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "install-servers: must run as root to install ${missing[*]}: sudo infra/install-servers.sh" >&2
  exit 1
fi

# Package scripts ask policy-rc.d before they start a service; 101 means "do not". An administrator's own file is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
# PostgreSQL's package would also make a cluster, which nothing here uses.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi

export DEBIAN_FRONTEND=noninteractive
echo "install-servers: ${missing[*]}"
apt-get update -q
apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}"

# Where systemd runs the machine, it must not start them at the next boot either.
if [ -d /run/systemd/system ]; then
  for unit in rabbitmq-server redis-server postgresql; do
    case " ${missing[*]} " in *" $unit "*) systemctl disable --now "$unit" >/dev/null 2>&1 || true ;; esac
  done
fi

for package in "${missing[@]}"; do
  installed "$package" || { echo "install-servers: $package was installed, but its program is not where it is expected" >&2; exit 1; }
done
