# Sourced by ../orleansserve: finds the SDK, decides the package mode, restores and builds. Expects $root.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true
# A bare Debian has no ICU; nothing here depends on a culture.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
# A small machine needs its memory back once the build is done.
export MSBUILDDISABLENODEREUSE=1
# Which messages are looked for in logs must not depend on the user's language.
export DOTNET_CLI_UI_LANGUAGE=en
# An MSBuild property of this name in the environment would override the mode that is remembered.
unset OrleansServePackages

artifacts=$root/artifacts
logs=$artifacts/log
child=
just_chosen=

# What restoring depends on beside the mode, as MSBuild properties: a NuGet configuration, and versions of protocol buffers for a feed that lacks the usual ones.
restore_properties=(RestoreConfigFile GoogleProtobufVersion GrpcToolsVersion)

say() { printf 'orleansserve: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

on_terminal() { [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; }

stop_child() {
  if [ -n "$child" ]; then
    kill "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
    child=
  fi
}
trap 'stop_child; exit 130' INT
trap 'stop_child; exit 143' TERM

# run_step LABEL LOG COMMAND...: runs the command with its output in LOG, showing that time passes; returns its status.
run_step() {
  local label=$1 log=$2 status=0 start=$SECONDS frame=0
  shift 2
  mkdir -p "$(dirname "$log")"
  # Descriptor 9 is the build lock: a compiler server that outlives the build must not hold it.
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  child=$!
  if on_terminal; then
    local frames='|/-\'
    while kill -0 "$child" 2>/dev/null; do
      printf '\r\033[K%s %s (%d s)' "${frames:frame++%4:1}" "$label" $((SECONDS - start)) >&2
      sleep 0.2
    done
    printf '\r\033[K' >&2
  else
    say "$label ..."
  fi
  wait "$child" || status=$?
  child=
  if [ "$status" -eq 0 ]; then
    say "$label: done in $((SECONDS - start)) s"
  fi
  return "$status"
}

# show_failure LOG: the errors of a build log, or its end where it names none, and where the rest is.
show_failure() {
  local excerpt
  excerpt=$(grep -E '(: |^)(fatal )?error[ :]' "$1" | sed -e 's/ \[[^]]*\]$//' -e "s|$root/||g" | sort -u | head -n 12 || true)
  [ -n "$excerpt" ] || excerpt=$(tail -n 12 "$1")
  printf '%s\n' "$excerpt" | sed 's/^/  /' >&2
  say "the whole log: $1"
}

require_sdk() {
  local candidate versions='' wanted=10
  dotnet=
  for candidate in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" "${HOME:-}/.dotnet/dotnet" /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet; do
    [ -x "$candidate" ] || continue
    versions=$("$candidate" --list-sdks 2>/dev/null | cut -d' ' -f1 | tr '\n' ' ') || true
    if grep -qE "(^| )$wanted\.[0-9]+\.[0-9]+" <<<"$versions"; then
      dotnet=$candidate
      break
    fi
  done
  [ -n "$dotnet" ] || fail "the .NET SDK $wanted is needed (found: ${versions:-no dotnet}); see https://dotnet.microsoft.com/download/dotnet/$wanted.0"
  # Without a home to write to, the SDK has nowhere to keep its packages.
  if [ ! -w "${HOME:-/nonexistent}" ]; then
    export DOTNET_CLI_HOME=$artifacts/home
    export NUGET_PACKAGES=${NUGET_PACKAGES:-$artifacts/home/packages}
    mkdir -p "$DOTNET_CLI_HOME"
  fi
}

# recall PROPERTY: what packages.props says, or nothing.
recall() {
  if [ -f "$artifacts/packages.props" ]; then
    sed -n "s|.*<$1>\(.*\)</$1>.*|\1|p" "$artifacts/packages.props" | head -n 1
  fi
}

# remember MODE: the mode and what restoring needs, where MSBuild reads it. An unchanged file keeps its time: a newer one means a new build.
remember() {
  # A name of its own: several of these may run at once.
  local property value fresh=$artifacts/packages.props.$$
  mkdir -p "$artifacts"
  {
    printf '<Project>\n  <PropertyGroup>\n    <OrleansServePackages>%s</OrleansServePackages>\n' "$1"
    for property in "${restore_properties[@]}"; do
      value=${!property:-$(recall "$property")}
      [ -z "$value" ] || printf '    <%s>%s</%s>\n' "$property" "$value" "$property"
    done
    printf '  </PropertyGroup>\n</Project>\n'
  } >"$fresh"
  if cmp -s "$fresh" "$artifacts/packages.props"; then
    rm "$fresh"
  else
    mv "$fresh" "$artifacts/packages.props"
  fi
}

# The packages that a restore log does not find under any version: the first by name, the rest counted.
missing_packages() {
  sed -nE 's/.*error NU1101: Unable to find package ([A-Za-z0-9.-]*[A-Za-z0-9]).*/\1/p' "$1" | sort -u |
    awk 'NR == 1 { name = $1 } END { if (NR == 1) print name; else if (NR > 1) print name " and " NR - 1 " more" }'
}

# Sets $mode: what was forced, else what was found before, else what restores now.
choose_packages() {
  if [ -n "${ORLEANSSERVE_NUGET_CONFIG:-}" ]; then
    [ -f "$ORLEANSSERVE_NUGET_CONFIG" ] || fail "ORLEANSSERVE_NUGET_CONFIG: no such file: $ORLEANSSERVE_NUGET_CONFIG"
    RestoreConfigFile=$(cd "$(dirname "$ORLEANSSERVE_NUGET_CONFIG")" && pwd -P)/$(basename "$ORLEANSSERVE_NUGET_CONFIG")
    export RestoreConfigFile
  fi

  local remembered
  remembered=$(recall OrleansServePackages)
  mode=$remembered
  case "${ORLEANSSERVE_PACKAGES:-}" in
    '') ;;
    Published | StandIn)
      mode=$ORLEANSSERVE_PACKAGES
      if [ "$mode" != "$remembered" ]; then
        say "packages: $mode, as ORLEANSSERVE_PACKAGES says"
        # Where they do not restore, the build says why.
        [ "$mode" = StandIn ] || published_restore || true
      fi
      ;;
    *) fail "ORLEANSSERVE_PACKAGES must be Published or StandIn, not '$ORLEANSSERVE_PACKAGES'" ;;
  esac

  case "$mode" in
    Published | StandIn) ;;
    *) try_published ;;
  esac
  remember "$mode"

  output=$artifacts/${mode,,}
  program=$output/bin/OrleansServe.Cli/release/orleansserve.dll
}

# Whether the published packages restore. The whole solution decides, tests included: a mode in which only half of it restores is none.
# Some feeds have all of them but the newest protocol buffers; older ones do as well.
published_restore() {
  local log=$logs/restore-published.log
  local command=(timeout 600 "$dotnet" restore "$root/OrleansServe.sln" -p:OrleansServePackages=Published)
  run_step 'looking for the published packages' "$log" "${command[@]}" && return
  lacks_only_protobuf "$log" || return
  export GoogleProtobufVersion=3.25.1 GrpcToolsVersion=2.50.0
  run_step 'looking for them with older protocol buffers' "$log" "${command[@]}" && return
  unset GoogleProtobufVersion GrpcToolsVersion
  return 1
}

# Whether a restore log misses Google.Protobuf or Grpc.Tools, and nothing else.
lacks_only_protobuf() {
  local missing
  missing=$(sed -nE 's/.*error NU110[123]: Unable to find (a stable )?package ([A-Za-z0-9.-]*[A-Za-z0-9]).*/\2/p' "$1" | sort -u)
  [ -n "$missing" ] && ! grep -qvE '^(Google\.Protobuf|Grpc\.Tools)$' <<<"$missing"
}

try_published() {
  if published_restore; then
    mode=Published
    say 'packages: Published, all of them restore'
  else
    local log=$logs/restore-published.log missing
    missing=$(missing_packages "$log")
    mode=StandIn
    say "packages: StandIn, the published ones do not restore here (${missing:-see $log}${missing:+ not found})"
  fi
  just_chosen=yes
}

restore() {
  local log=$logs/restore-${mode,,}.log
  run_step "restoring packages ($mode)" "$log" "$dotnet" restore "$root/$1" || {
    # A choice made without a network is none.
    [ -z "$just_chosen" ] || rm -f "$artifacts/packages.props"
    show_failure "$log"
    fail 'restoring failed'
  }
}

# Something that goes into the build is newer than the last one. Directories count too: their time changes when a file goes.
sources_changed() {
  [ -f "$1" ] || return 0
  [ -n "$(find "$root/src" "$root/silos" "$root/protos" "${@:2}" "$root"/Directory.* "$root/global.json" "$root/.editorconfig" \
    "$root/BannedSymbols.txt" "$root/OrleansServe.sln" "$artifacts/packages.props" \
    -name node_modules -prune -o -newer "$1" -print -quit)" ]
}

# Two starts at once must not build into the same folder.
lock_build() {
  if command -v flock >/dev/null; then
    mkdir -p "$artifacts"
    exec 9>"$artifacts/build.lock"
    flock 9
  fi
}

unlock_build() { exec 9>&-; }

# build TARGET STAMP [DIRECTORY...]: restores and builds a project or the solution if its sources changed since the stamp;
# sources beside those of the program are in the directories named.
build() {
  local target=$1 stamp=$output/$2 log=$logs/build-${mode,,}.log
  shift 2
  sources_changed "$stamp" "$@" || return 0
  lock_build
  if sources_changed "$stamp" "$@"; then
    restore "$target"
    # The time of the start counts: what is edited meanwhile belongs to the next build.
    mkdir -p "$output"
    touch "$stamp.new"
    run_step "building ($mode, Release)" "$log" "$dotnet" build "$root/$target" -c Release --no-restore -v minimal || {
      show_failure "$log"
      fail 'building failed'
    }
    mv "$stamp.new" "$stamp"
  fi
  unlock_build
}

build_program() {
  [ -f "$program" ] || rm -f "$output/program.stamp"
  build src/OrleansServe.Cli/OrleansServe.Cli.csproj program.stamp
  [ -f "$program" ] || fail "the build left no $program"
}
