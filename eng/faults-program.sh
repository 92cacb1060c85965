# Sourced by the scripts that run tests/Witan.Faults: publishes it and the programs that it starts compiled ahead of time, because a kill is followed by a
# start, and what is measured is the program and not its compiler (the images are not, and start more slowly).
# Needs the network once, for the compiler's package of the SDK.
out=artifacts/faults
dotnet publish tests/Witan.Faults -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true -p:NuGetLockFilePath=obj/publish.lock.json \
  -p:PublishDocumentationFiles=false -o "$out" -v quiet -nologo >&2
faults=$out/Witan.Faults.dll
