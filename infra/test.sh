#!/usr/bin/env bash
# Everything from a clean clone: installs the servers where it may, restores, builds, runs every test project, and ends with one line
#   N passed, N failed, N skipped
# Exit code 0 only when nothing failed. Options: a part of a project's name runs only the projects that contain it.
#   RECOMMENDER_REQUIRE_SERVERS=1   a missing server fails its tests instead of skipping them
#   RECOMMENDER_DATA=FOLDER         where the public data sets are
#   CONFIGURATION=Debug             default Release
set -uo pipefail
cd "$(dirname "$0")/.."

configuration=${CONFIGURATION:-Release}
only=${1:-}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

finish() { # passed failed skipped
  echo
  echo "$1 passed, $2 failed, $3 skipped"
  [ "$2" -eq 0 ]
  exit $?
}

if ! infra/install-servers.sh; then
  if [ "${RECOMMENDER_REQUIRE_SERVERS:-}" = 1 ]; then finish 0 1 0; fi
  echo "test: going on without the servers that are missing; their tests will be skipped" >&2
fi

echo "== restore and build ($configuration)"
if ! dotnet restore Recommender.sln -v q || ! dotnet build Recommender.sln -c "$configuration" --no-restore -v q -clp:NoSummary; then
  echo "test: the build failed" >&2
  finish 0 1 0
fi

# Reads one number of a report (xunit v2+ XML) over all assemblies in it.
count() { # file attribute
  sed -n 's/.*<assembly [^>]*[[:space:]]'"$2"'="\([0-9]*\)".*/\1/p' "$1" | awk '{ sum += $1 } END { print sum + 0 }'
}

passed=0 failed=0 skipped=0
for project in tests/*/*.csproj; do
  grep -q '<IsTestProject>true' "$project" || continue
  name=$(basename "$project" .csproj)
  case "$name" in *"$only"*) ;; *) continue ;; esac
  # A test project without a test yet has nothing to run.
  grep -rqE '\[(Fact|Theory)' --include='*.cs' "$(dirname "$project")" || continue

  echo "== $name"
  dll="$(dirname "$project")/bin/$configuration/net10.0/Recommender.$name.dll"
  report="$results/$name.xml"
  started=$SECONDS
  timeout --kill-after=30 "${TEST_TIMEOUT_SECONDS:-900}" dotnet "$dll" -noColor -noLogo -xml "$report" >"$results/$name.log" 2>&1
  code=$?
  if [ ! -s "$report" ]; then
    cat "$results/$name.log"
    [ $code -eq 124 ] && echo "test: $name ran longer than ${TEST_TIMEOUT_SECONDS:-900} s" || echo "test: $name crashed (exit code $code)"
    failed=$((failed + 1))
    continue
  fi
  p=$(count "$report" passed) f=$(count "$report" failed) s=$(count "$report" skipped) e=$(count "$report" errors)
  f=$((f + e))
  # A non-zero exit without a failed test is a crash after the last one.
  if [ $code -ne 0 ] && [ "$f" -eq 0 ]; then
    f=1
    echo "test: $name ended with exit code $code"
  fi
  if [ "$f" -ne 0 ]; then
    cat "$results/$name.log"
  else
    # What was skipped and what a test measured is worth a line.
    grep -aE '\[SKIP\]|\[MEASURED\]' -A1 "$results/$name.log" | grep -av '^--$' || true
  fi
  echo "   $p passed, $f failed, $s skipped, $((SECONDS - started)) s"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

finish "$passed" "$failed" "$skipped"
