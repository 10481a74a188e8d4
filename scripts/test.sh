# Sourced by ../orleansserve: `./orleansserve test`. Expects what build.sh sets.

declare -i passed=0 failed=0 skipped=0
without=()

# may_install: apt-get is here, and may be used without asking anybody for a password.
may_install() {
  command -v apt-get >/dev/null || return 1
  as_root=()
  [ "$(id -u)" -eq 0 ] && return 0
  command -v sudo >/dev/null && sudo -n true 2>/dev/null && as_root=(sudo -n)
}

# install PACKAGE...: by apt-get; its lists are fetched only where they do not know the package.
install() {
  may_install || return 1
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -qq --no-install-recommends)
  run_step "installing $*" "$logs/apt.log" "${apt[@]}" install "$@" && return 0
  run_step 'fetching package lists' "$logs/apt.log" "${apt[@]}" update || true
  run_step "installing $*" "$logs/apt.log" "${apt[@]}" install "$@"
}

# The end-to-end tests use clients of other makers. What cannot be had is said, and its tests report themselves as skipped.
ensure_clients() {
  if ! /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null; then
    install python3-grpcio python3-protobuf ||
      leave_out python3-grpcio "its tests are skipped (sudo apt-get install python3-grpcio python3-protobuf)"
  fi

  command -v kubectl >/dev/null ||
    leave_out kubectl "the tests of the Kubernetes manifests are skipped (https://kubernetes.io/docs/tasks/tools)"
  unpack prometheus prometheus ||
    leave_out prometheus "its tests are skipped (sudo apt-get install prometheus)"

  # Several processes are a cluster in Published mode only. Not installed unasked: Debian's package starts a service.
  [ "$mode" != Published ] || [ -x "${ORLEANSSERVE_REDIS_SERVER:-/usr/bin/redis-server}" ] ||
    leave_out redis-server "the tests of several processes are skipped (sudo apt-get install redis-server, or name one with ORLEANSSERVE_REDIS_SERVER)"

  local folder
  while IFS= read -r folder; do
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
      install nodejs npm || true
    fi
    if ! command -v npm >/dev/null; then
      leave_out node "its tests are skipped (sudo apt-get install nodejs npm)"
      return 0
    fi
    [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && continue
    run_step "npm ci in ${folder#"$root"/}" "$logs/npm.log" npm --prefix "$folder" ci --no-audit --no-fund ||
      leave_out "node:$(basename "$folder")" "npm ci failed (see $logs/npm.log); its tests are skipped"
  done < <(find "$root/tests" -name node_modules -prune -o -name package.json -printf '%h\n' | sort)
}

# unpack PACKAGE PROGRAM: makes a program available without installing it, since Debian's package would start a service.
unpack() {
  local package=$1 program=$2 tools=$artifacts/tools
  command -v "$program" >/dev/null || [ -x "$tools/usr/bin/$program" ] && return 0
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  mkdir -p "$tools"
  if ! (cd "$tools" && run_step "downloading $package" "$logs/apt.log" apt-get download "$package"); then
    may_install && run_step 'fetching package lists' "$logs/apt.log" "${as_root[@]}" apt-get -y -qq update &&
      (cd "$tools" && run_step "downloading $package" "$logs/apt.log" apt-get download "$package") || return 1
  fi
  dpkg-deb -x "$tools/$package"_*.deb "$tools" && rm "$tools/$package"_*.deb
}

leave_out() {
  say "$1 is not available: $2"
  without+=("$1")
}

# Blanks and line breaks only: style and analyzers have been errors of the build.
check_format() {
  run_step 'checking the format' "$logs/format.log" \
    "$dotnet" format whitespace "$root" --folder --verify-no-changes --exclude "$artifacts" && return 0
  show_failure "$logs/format.log"
  say 'the format differs: dotnet format whitespace . --folder --exclude artifacts'
  failed+=1
}

# count FILE: adds a results file's counters to the sums. A skipped test is one that was found and not executed.
count() {
  local counters total executed right
  counters=$(grep -o '<Counters [^>]*' "$1" | head -n 1)
  total=$(sed -E 's/.* total="([0-9]+)".*/\1/' <<<"$counters")
  executed=$(sed -E 's/.* executed="([0-9]+)".*/\1/' <<<"$counters")
  right=$(sed -E 's/.* passed="([0-9]+)".*/\1/' <<<"$counters")
  passed+=$right
  failed+=$((executed - right))
  skipped+=$((total - executed))
}

# test_project PROJECT RESULTS ARGS...: a test host that dies or hangs counts as one failure beside those it reported.
test_project() {
  local project=$1 results=$2 name status=0 before=$failed
  name=$(basename "$project" .csproj)
  shift 2
  say "testing $name"
  "$dotnet" test "$project" -c Release --no-build --nologo --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
    --logger 'console;verbosity=minimal' --blame-hang --blame-hang-timeout 5m --blame-hang-dump-type none "$@" >&2 || status=$?
  if [ -f "$results/$name.trx" ]; then
    count "$results/$name.trx"
  elif [ "$status" -eq 0 ]; then
    say "$name: no test matches"
  fi
  if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
    say "$name: the test run broke off (exit code $status)"
    failed+=1
  fi
}

# run_tests ARGS...: the last line on standard output is the sum, and the exit code says the same.
run_tests() {
  local project results=$output/test-results
  build OrleansServe.sln tests.stamp "$root/tests"
  ensure_clients
  ORLEANSSERVE_SKIP_CLIENTS=$(IFS=,; printf '%s' "${without[*]-}")
  export ORLEANSSERVE_SKIP_CLIENTS

  check_format
  rm -rf "$results"
  for project in "$root"/tests/*/*.csproj; do
    if grep -q 'Microsoft.NET.Test.Sdk' "$project"; then
      test_project "$project" "$results" "$@"
    fi
  done

  local sum="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || sum+=", $skipped skipped"
  printf '%s\n' "$sum"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
