#!/usr/bin/env bash
# Builds the images coordinator, worker and trustee: linux/amd64, no daemon, no Dockerfile, the same digest every time.
#
#   eng/images.sh            build all three into artifacts/images: NAME/ (OCI layout), NAME.digest, NAME.cdx.json (SBOM), NAME.yml
#   eng/images.sh --verify   build everything twice and compare the digests
#   eng/images.sh --lock     write the list of Debian packages of the base anew (then review the diff)
#   eng/images.sh --unpack NAME FOLDER   unpack a built image, to look at it or to run it in a chroot
#
# What is committed is built, not the working copy. WITAN_REGISTRY names the registry that the compose files are written for. Push with:
#   skopeo copy --preserve-digests oci:artifacts/images/worker docker://REGISTRY/witan-worker:VERSION
# Needs apt-get, dpkg-deb, jq, git and the .NET SDK.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 LC_ALL=C TZ=UTC
# The time of every file in the images. Fixed, because a digest that is written into a committed file must not depend on the commit.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1767225600}
# One commit for the whole run: what is committed meanwhile is not mixed in.
commit=$(git rev-parse HEAD)
out=$PWD/artifacts/images
programs="coordinator worker trustee"
lock=$PWD/deploy/images/base-packages.lock
packages="base-files ca-certificates gcc-12-base libc6 libgcc-s1 libssl3 libstdc++6 tzdata zlib1g"
registry=${WITAN_REGISTRY:-registry.example/witan}
user=1654 # the number .NET's own images use for a user without rights

say() { echo "images: $*" >&2; }
fail() { say "error: $1"; [ -z "${2:-}" ] || say "hint: $2"; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is missing" "apt-get install $2"; }

write_lock() {
  local folder name version
  folder=$(mktemp -d)
  {
    echo "# Debian packages of the base image: name, version, architecture, SHA-256 of the .deb. Written by eng/images.sh --lock."
    for name in $packages; do
      (cd "$folder" && apt-get download -qq "$name" 2>/dev/null) || fail "apt-get has no package $name" "apt-get update"
    done
    for deb in "$folder"/*.deb; do
      echo "$(dpkg-deb -f "$deb" Package) $(dpkg-deb -f "$deb" Version) $(dpkg-deb -f "$deb" Architecture) $(sha256sum "$deb" | cut -d' ' -f1)"
    done | sort
  } >"$lock"
  rm -rf "$folder"
  say "wrote ${lock#"$PWD"/}: $(grep -vc '^#' "$lock") packages"
}

# Every package is fetched in the version of the lock and compared with its digest: what was reviewed is what is built.
fetch_packages() {
  local folder=$1 name version architecture digest deb
  while read -r name version architecture digest; do
    (cd "$folder" && apt-get download -qq "$name=$version" 2>/dev/null) ||
      fail "apt-get has no $name $version" "apt-get update; where the mirror has a newer one, add the snapshot.debian.org archive of the lock's date to apt's sources, or run eng/images.sh --lock"
    deb=$(echo "$folder/${name}"_*.deb)
    [ "$(sha256sum "$deb" | cut -d' ' -f1)" = "$digest" ] || fail "$name $version is not the package of the lock"
  done < <(grep -v '^#' "$lock")
}

build_base() {
  local work=$1 root=$1/root deb
  mkdir -p "$root" "$work/debs"
  fetch_packages "$work/debs"
  for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$root"; done
  # Debian's merged /usr: dpkg-deb unpacks old paths as folders.
  for folder in bin sbin lib lib64; do
    if [ -d "$root/$folder" ] && [ ! -L "$root/$folder" ]; then
      mkdir -p "$root/usr/$folder"; cp -a "$root/$folder/." "$root/usr/$folder/"; rm -rf "${root:?}/$folder"
    fi
    mkdir -p "$root/usr/$folder"; ln -sfn "usr/$folder" "$root/$folder"
  done
  # What the packages' scripts would have done, as far as a program without a shell needs it.
  mkdir -p "$root/etc/ssl/certs" "$root/tmp" "$root/proc" "$root/sys" "$root/dev" "$root/run"
  ln -sfn /run "$root/var/run"
  find "$root/usr/share/ca-certificates/mozilla" -name '*.crt' | sort | xargs cat >"$root/etc/ssl/certs/ca-certificates.crt"
  printf 'root:x:0:0:root:/root:/usr/sbin/nologin\nwitan:x:%s:%s:witan:/var/lib/witan:/usr/sbin/nologin\n' $user $user >"$root/etc/passwd"
  printf 'root:x:0:\nwitan:x:%s:\n' $user >"$root/etc/group"
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$root"/usr/share/{man,info,lintian,locale,bug} "$root"/usr/lib/x86_64-linux-gnu/gconv
  find "$root/usr/share/doc" -type d -empty -delete
  chmod -R u=rwX,go=rX "$root"
  chmod 1777 "$root/tmp"
}

# One layer as a tar that depends on nothing but the files: order, owner, mode and time are fixed.
layer() {
  local root=$1 file=$2 owner=$3; shift 3
  tar --create --file "$file" --directory "$root" --sort=name --numeric-owner --owner="$owner" --group="$owner" \
    --mtime="@$SOURCE_DATE_EPOCH" --format=gnu "$@"
}

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

# Puts a file into an OCI layout under its digest and prints "digest size".
blob() {
  local layout=$1 file=$2 digest
  digest=$(digest_of "$file")
  mkdir -p "$layout/blobs/sha256"
  cp "$file" "$layout/blobs/sha256/$digest"
  echo "$digest $(stat -c %s "$file")"
}

# An OCI layout of one or more layers. The created time is the commit's, so that the digest is the content's.
write_layout() {
  local layout=$1 config=$2; shift 2
  local created layers="" diffs="" history="" digest size tarball
  created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
  rm -rf "$layout"; mkdir -p "$layout"
  for tarball in "$@"; do
    diffs="$diffs${diffs:+,}\"sha256:$(digest_of "$tarball")\""
    gzip -n -9 -c "$tarball" >"$tarball.gz"
    read -r digest size < <(blob "$layout" "$tarball.gz")
    layers="$layers${layers:+,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$digest\",\"size\":$size}"
    history="$history${history:+,}{\"created\":\"$created\",\"created_by\":\"eng/images.sh\"}"
  done
  jq -cnS --arg created "$created" --argjson config "$config" --argjson diffs "[$diffs]" --argjson history "[$history]" \
    '{created:$created,architecture:"amd64",os:"linux",config:$config,rootfs:{type:"layers",diff_ids:$diffs},history:$history}' >"$layout.config"
  read -r digest size < <(blob "$layout" "$layout.config")
  jq -cnS --arg digest "sha256:$digest" --argjson size "$size" --argjson layers "[$layers]" \
    '{schemaVersion:2,mediaType:"application/vnd.oci.image.manifest.v1+json",config:{mediaType:"application/vnd.oci.image.config.v1+json",digest:$digest,size:$size},layers:$layers}' >"$layout.manifest"
  read -r digest size < <(blob "$layout" "$layout.manifest")
  printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
  jq -cnS --arg digest "sha256:$digest" --argjson size "$size" \
    '{schemaVersion:2,manifests:[{mediaType:"application/vnd.oci.image.manifest.v1+json",digest:$digest,size:$size,platform:{architecture:"amd64",os:"linux"}}]}' >"$layout/index.json"
  rm -f "$layout.config" "$layout.manifest"
  echo "sha256:$digest"
}

# The files of one program, from a clean export of what is committed.
publish() {
  local name=$1 tree=$2 app=$3 project
  project=Witan.${name^}
  dotnet publish "$tree/src/$project" -c Release -r linux-x64 --self-contained -o "$app/app" -nologo -v q \
    -p:ContinuousIntegrationBuild=true -p:DebugType=none >&2 ||
    fail "$project does not build"
  rm -f "$app"/app/*.xml "$app"/app/*.pdb
  chmod -R u=rwX,go=rX "$app"
  if find "$app" -iname '*simulator*' | grep -q . || grep -rlqa 'Witan.Dstack.Simulator' "$app/app"; then
    fail "the simulator is in the image of $name" "no production program may reference Witan.Dstack.Simulator"
  fi
}

# CycloneDX 1.5, from the lock files; fails where what was published is not what is locked.
write_sbom() {
  local name=$1 tree=$2 app=$3 project locked published
  project=Witan.${name^}
  locked=$(jq -S '[.dependencies[] | to_entries[] | select(.value.type != "Project") | {name:.key, version:.value.resolved, hash:.value.contentHash}] | unique' < <(git show "$commit:src/$project/packages.lock.json"))
  published=$(jq -S '[.libraries | to_entries[] | select(.value.type == "package") | .key]' "$app/app/$project.deps.json")
  jq -ne --argjson locked "$locked" --argjson published "$published" \
    '$published - [$locked[] | .name + "/" + .version] | if length == 0 then true else error("not in the lock file: " + join(", ")) end' >/dev/null ||
    fail "$project was published with other packages than its lock file names"
  jq -nS --arg name "witan-$name" --argjson locked "$locked" --argjson published "$published" \
    --argjson runtime "$(jq '[.libraries | to_entries[] | select(.value.type == "runtimepack") | .key | ltrimstr("runtimepack.")]' "$app/app/$project.deps.json")" \
    --rawfile debian "$lock" '
    {bomFormat: "CycloneDX", specVersion: "1.5", version: 1, metadata: {component: {type: "container", name: $name}},
     components: (
       [$debian | split("\n")[] | select(startswith("#") or . == "" | not) | split(" ")
         | {type: "library", name: .[0], version: .[1], purl: "pkg:deb/debian/\(.[0])@\(.[1])?arch=\(.[2])&distro=bookworm", hashes: [{alg: "SHA-256", content: .[3]}]}]
       + [$runtime[] | split("/") | {type: "framework", name: .[0], version: .[1], purl: "pkg:nuget/\(.[0])@\(.[1])"}]
       + [$locked[] | select([.name + "/" + .version] - $published == [])
         | {type: "library", name: .name, version: .version, purl: "pkg:nuget/\(.name)@\(.version)", properties: [{name: "nuget:contentHash", value: .hash}]}])}'
}

configuration() {
  local name=$1 port=$2
  jq -cnS --arg name "$name" --arg user "$user:$user" --arg entry "/app/Witan.${name^}" --arg port "$port" '
    {Entrypoint: [$entry], User: $user, WorkingDir: "/var/lib/witan",
     Env: ["PATH=/usr/bin", "DOTNET_EnableDiagnostics=0", "WITAN_PRODUCTION_IMAGE=1", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
     Labels: {"org.opencontainers.image.title": ("witan-" + $name), "org.opencontainers.image.licenses": "Apache-2.0"},
     StopSignal: "SIGTERM"} + (if $port == "" then {} else {ExposedPorts: {($port + "/tcp"): {}}} end)'
}

build() {
  local target=$1 work name port digest
  work=$(mktemp -d); trap 'rm -rf "$work"' RETURN
  [ -s "$lock" ] || fail "there is no ${lock#"$PWD"/}" "eng/images.sh --lock"
  mkdir -p "$target" "$work/tree" "$work/state/var/lib/witan"
  git archive "$commit" | tar -x -C "$work/tree"
  say "base from $(grep -vc '^#' "$lock") Debian packages"
  build_base "$work"
  layer "$work/root" "$work/base.tar" 0 .
  chmod 700 "$work/state/var/lib/witan"
  layer "$work/state" "$work/state.tar" $user ./var/lib/witan
  for name in $programs; do
    case $name in coordinator) port=3000 ;; *) port="" ;; esac
    say "publishing $name"
    mkdir -p "$work/$name"
    publish "$name" "$work/tree" "$work/$name"
    layer "$work/$name" "$work/$name.tar" 0 ./app
    digest=$(write_layout "$target/$name" "$(configuration "$name" "$port")" "$work/base.tar" "$work/state.tar" "$work/$name.tar")
    echo "$digest" >"$target/$name.digest"
    write_sbom "$name" "$work/tree" "$work/$name" >"$target/$name.cdx.json"
    sed "s|image: .*/witan-$name@sha256:0*\$|image: $registry/witan-$name@$digest|" "deploy/$name.yml" >"$target/$name.yml"
    grep -q "$digest" "$target/$name.yml" || fail "deploy/$name.yml has no placeholder for the digest"
    say "$name $digest ($(du -sh "$target/$name" | cut -f1))"
  done
}

unpack() {
  local layout=$1 folder=$2 manifest digest
  mkdir -p "$folder"
  manifest=$(jq -r '.manifests[0].digest' "$layout/index.json")
  for digest in $(jq -r '.layers[].digest' "$layout/blobs/sha256/${manifest#sha256:}"); do
    tar -xzp --numeric-owner -f "$layout/blobs/sha256/${digest#sha256:}" -C "$folder"
  done
}

case ${1:-} in
  --lock) need apt-get apt; write_lock ;;
  --unpack) unpack "$out/$2" "$3" ;;
  --verify)
    build "$out"; second=$(mktemp -d); build "$second"
    for name in $programs; do
      cmp "$out/$name.digest" "$second/$name.digest" || fail "$name has two digests"
    done
    rm -rf "$second"; say "two builds, the same digests" ;;
  "") need jq jq; need dpkg-deb dpkg; build "$out" ;;
  *) fail "unknown option $1" "eng/images.sh [--verify|--lock|--unpack NAME FOLDER]" ;;
esac
