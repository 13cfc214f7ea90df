#!/usr/bin/env bash
# Builds RaftActors. `./build.sh` lists the targets; `./build.sh test` runs one; `./build.sh test --help` says what it takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

if ! command -v dotnet >/dev/null 2>&1; then
  echo "build.sh: the .NET 10 SDK is needed and 'dotnet' is not on the PATH." >&2
  exit 1
fi
if [ "$(dotnet --version | cut -d. -f1)" -lt 10 ]; then
  echo "build.sh: the .NET 10 SDK is needed; this is $(dotnet --version)." >&2
  exit 1
fi

# Which Akka.NET? A choice made by the caller (AkkaSource=nuget|subset) stands. Otherwise the real packages are
# tried once (a restore of a probe project) and the answer is kept under artifacts/.
choose_akka() {
  local version="${AkkaVersion:-}" probe=artifacts/akka-probe answer
  [ -n "$version" ] || version=$(sed -n "s/.*<AkkaVersion .*>\(.*\)<\/AkkaVersion>.*/\1/p" Directory.Build.props)
  answer="artifacts/akka-source-$version"
  if [ ! -s "$answer" ]; then
    mkdir -p "$probe"
    # Its own props files keep the repository's settings out of the probe.
    echo '<Project />' | tee "$probe/Directory.Build.props" "$probe/Directory.Build.targets" "$probe/Directory.Packages.props" >/dev/null
    cat > "$probe/Probe.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit></PropertyGroup>
  <ItemGroup><PackageReference Include="Akka" Version="[$version]" /></ItemGroup>
</Project>
EOF
    if dotnet restore "$probe/Probe.csproj" --verbosity quiet >"$probe/restore.log" 2>&1; then echo nuget; else echo subset; fi >"$answer"
  fi
  AkkaSource=$(cat "$answer")
  if [ "$AkkaSource" = subset ]; then
    echo "Akka.NET $version is not to be had from the configured package sources: building on src/akka-subset. (rm -r artifacts/ to ask again)"
  fi
}
if [ -z "${AkkaSource:-}" ]; then choose_akka; fi
export AkkaSource

target="" args=()
for arg in "$@"; do
  case "$arg" in
    -h|--help) args+=("--listing=true") ;;
    -*) args+=("$arg") ;;
    *) if [ -z "$target" ]; then target="$arg"; else args+=("$arg"); fi ;;
  esac
done

dotnet tool restore --verbosity quiet >/dev/null
counts=artifacts/test-results/counts.txt
rm -f "$counts"
code=0
dotnet cake build.cake --target="${target:-List}" --verbosity=quiet "${args[@]+"${args[@]}"}" || code=$?
# The counts close the output, behind Cake's own summary.
if [ -s "$counts" ]; then cat "$counts"; fi
exit "$code"
