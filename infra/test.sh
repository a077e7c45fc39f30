#!/usr/bin/env bash
# Everything from a clean clone: installs the servers where it may, restores, builds, runs every test project, and ends with one line
#   N passed, N failed, N skipped
# Much of what the tests do is waiting, so several projects run at a time. Each reports when it ends.
# Exit code 0 only when nothing failed. Options: a part of a project's name runs only the projects that contain it.
#   RECOMMENDER_REQUIRE_SERVERS=1   a missing server fails its tests instead of skipping them
#   RECOMMENDER_DATA=FOLDER         where the public data sets are
#   CONFIGURATION=Debug             default Release
#   TEST_LANES=1                    how many projects run at a time; default 2
#   TEST_TIMEOUT_SECONDS=900        how long one project may take
#   TMPDIR=FOLDER                   where the servers of tests keep their files; default /dev/shm if it has room, else /tmp
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
if ! dotnet build Recommender.sln -c "$configuration" -v q -clp:NoSummary; then
  echo "test: the build failed" >&2
  finish 0 1 0
fi

# Reads one number of a report (xunit v2+ XML) over all assemblies in it.
count() { # file attribute
  sed -n 's/.*<assembly [^>]*[[:space:]]'"$2"'="\([0-9]*\)".*/\1/p' "$1" | awk '{ sum += $1 } END { print sum + 0 }'
}

# Databases and brokers wait for the disk at every change. Tests end processes, never the machine, so memory does, where there is enough.
memory=$(df --output=avail -B1G /dev/shm 2>/dev/null | tail -1)
if [ -z "${TMPDIR:-}" ] && [ "${memory:-0}" -ge 8 ]; then
  TMPDIR=$(mktemp -d -p /dev/shm recommender-XXXXXX)
  export TMPDIR
  trap 'rm -rf "$results" "$TMPDIR"' EXIT
fi

# Runs one test project. Prints nothing: the report goes to NAME.out, the numbers of its tests to NAME.counts.
run() { # project name
  local dll report started code p f s
  dll="$(dirname "$1")/bin/$configuration/net10.0/Recommender.$2.dll"
  report="$results/$2.xml"
  started=$SECONDS
  timeout --kill-after=30 "${TEST_TIMEOUT_SECONDS:-900}" dotnet "$dll" -noColor -noLogo -xml "$report" >"$results/$2.log" 2>&1 </dev/null &
  running=$!
  wait "$running"
  code=$?
  running=
  {
    echo "== $2"
    if [ ! -s "$report" ]; then
      cat "$results/$2.log"
      [ $code -eq 124 ] && echo "test: $2 ran longer than ${TEST_TIMEOUT_SECONDS:-900} s" || echo "test: $2 crashed (exit code $code)"
      echo "0 1 0" >"$results/$2.counts"
      return
    fi
    p=$(count "$report" passed) f=$(count "$report" failed) s=$(count "$report" skipped)
    f=$((f + $(count "$report" errors)))
    # A non-zero exit without a failed test is a crash after the last one.
    if [ $code -ne 0 ] && [ "$f" -eq 0 ]; then
      f=1
      echo "test: $2 ended with exit code $code"
    fi
    if [ "$f" -ne 0 ]; then
      cat "$results/$2.log"
    else
      # What was skipped and what a test measured is worth a line.
      grep -aE '\[SKIP\]|\[MEASURED\]' -A1 "$results/$2.log" | grep -av '^--$' || true
    fi
    echo "   $p passed, $f failed, $s skipped, $((SECONDS - started)) s"
    echo "$p $f $s" >"$results/$2.counts"
  } >"$results/$2.out"
}

# Takes one project after another that no other lane has taken, and shows each report whole.
lane() { # projects
  local project name running=
  trap 'kill $running 2>/dev/null; wait; exit 1' INT TERM
  for project in "$@"; do
    name=$(basename "$project" .csproj)
    mkdir "$results/$name" 2>/dev/null || continue
    run "$project" "$name"
    { flock 9 && cat "$results/$name.out"; } 9>"$results/output.lock"
  done
}

# The longest first: the others are done meanwhile.
projects=()
for project in tests/*/*.csproj; do
  grep -q '<IsTestProject>true' "$project" || continue
  name=$(basename "$project" .csproj)
  case "$name" in *"$only"*) ;; *) continue ;; esac
  # A test project without a test yet has nothing to run.
  grep -rqE '\[(Fact|Theory)' --include='*.cs' "$(dirname "$project")" || continue
  if [ "$name" = EndToEnd ]; then projects=("$project" "${projects[@]}"); else projects+=("$project"); fi
done

lanes=()
stop() { # exit code
  trap '' INT TERM
  kill "${lanes[@]}" 2>/dev/null
  wait
  exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM
for ((i = 0; i < ${TEST_LANES:-2}; i++)); do
  lane "${projects[@]}" &
  lanes+=($!)
done
wait

passed=0 failed=0 skipped=0
for project in "${projects[@]}"; do
  read -r p f s <"$results/$(basename "$project" .csproj).counts" || { p=0 f=1 s=0; echo "test: $project did not run"; }
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

finish "$passed" "$failed" "$skipped"
