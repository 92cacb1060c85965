# Sourced by the scripts that run bench/Witan.Load: publishes it and the witan command that it starts compiled ahead of time, as eng/publish-cli.sh publishes it for
# people. Needs the network once, for the compiler's package of the SDK.
out=artifacts/load
dotnet publish bench/Witan.Load -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true -p:NuGetLockFilePath=obj/publish.lock.json \
  -p:PublishDocumentationFiles=false -o "$out" -v quiet -nologo >&2
load=$out/Witan.Load.dll
