namespace Witan.Machine;

/// <summary>The category "SGX system software": device, library, AESM, and the launch tests.</summary>
internal sealed class SgxSoftware
{
    private readonly MachineSnapshot _snapshot;
    private readonly SgxInstructionSet _instructions;
    private readonly FlexibleLaunchControl _flc;
    private readonly LaunchOutcomes _launch;

    public SgxSoftware(MachineSnapshot snapshot, SgxInstructionSet instructions, FlexibleLaunchControl flc, LaunchOutcomes launch)
    {
        (_snapshot, _instructions, _flc, _launch) = (snapshot, instructions, flc, launch);
        Devices = new SgxDevices(snapshot);
        Aesm = new AesmFacts(snapshot);
        Reading library = snapshot[Section.Libraries, LibraryName];
        Library = Marks.Required(library.HasValue ? true : library.IsFailure && !LibraryProbe.WasNotDecided(library) ? false : null);
        AnyLoader = Devices.Mark.Or(Library);
        AnyTokenProvider = flc.Configuration.Or(Aesm.Mark);
        Launch = launch.DebugMark.And(launch.ProductionMark.Or(launch.WhitelistedMark));
        Mark = flc.Mark.Or(Aesm.Mark).And(AnyLoader).And(Launch);
    }

    public const string LibraryName = "libsgx_enclave_common.so.1";

    public SgxDevices Devices { get; }

    public AesmFacts Aesm { get; }

    public Mark Library { get; }

    public Mark AnyLoader { get; }

    public Mark AnyTokenProvider { get; }

    public Mark Launch { get; }

    public Mark Mark { get; }

    public Check Build(CpuFacts cpu, LaunchAdvice advice)
    {
        var software = new SoftwareAdvice(_snapshot, cpu, _instructions, _flc, this);
        return new Check("sgx.software", "SGX system software", Mark)
        {
            Rule = "(Flexible launch control OR AESM) AND (device OR library) AND Able to launch enclaves",
            Children =
            [
                new Check("sgx.device", Devices.Mark == Mark.Supported ? $"SGX kernel device ({Devices.Path})" : "SGX kernel device", Devices.Mark)
                {
                    Rule = "one of /dev/sgx_enclave, /dev/sgx/enclave, /dev/isgx, /dev/sgx opens for reading and writing, on a mount without noexec",
                    Evidence = [.. Devices.Evidence()],
                    Problem = software.Device(),
                },
                new Check("sgx.library", "libsgx_enclave_common", Library)
                {
                    Rule = $"{LibraryName} can be loaded",
                    Evidence = [$"{LibraryName}: {_snapshot[Section.Libraries, LibraryName]}"],
                    Problem = software.Library(),
                },
                new Check("sgx.aesm", "AESM service", Aesm.Mark)
                {
                    Rule = "the AESM socket answers one request (how many kinds of attestation keys it has)",
                    Evidence = [.. Aesm.Evidence()],
                    Problem = software.AesmService(),
                },
                BuildLaunch(advice),
            ],
        };
    }

    private Check BuildLaunch(LaunchAdvice advice) => new Check("sgx.launch", "Able to launch enclaves", Launch)
    {
        Rule = "Debug mode AND (Production mode OR Production mode (Intel whitelisted))",
        Children =
        [
            new Check("sgx.launch.debug", "Debug mode", _launch.DebugMark)
            {
                Rule = "a small enclave of our own, with the DEBUG attribute, is created and initialised",
                Evidence = [LaunchAdvice.Evidence("debug", _launch.Debug)],
                Problem = advice.Debug(),
            },
            new Check("sgx.launch.production", "Production mode", _launch.ProductionMark)
            {
                Rule = "the same enclave without DEBUG, signed by a key that Intel does not know, is created and initialised",
                Evidence = [LaunchAdvice.Evidence("production", _launch.Production)],
                Problem = advice.Production(),
            }.HiddenIf(_flc.CpuSupport == Mark.Fatal, "this processor has no flexible launch control")
                .HiddenIf(_launch.WhitelistedMark == Mark.Fatal, "not even an enclave signed by Intel launches"),
            new Check("sgx.launch.whitelisted", "Production mode (Intel whitelisted)", _launch.WhitelistedMark)
            {
                Rule = "an enclave signed by Intel (--whitelisted-enclave) is created and initialised",
                Evidence = [LaunchAdvice.Evidence("whitelisted", _launch.Whitelisted)],
                Problem = advice.Whitelisted(),
            }.HiddenIf(_launch.DebugMark == Mark.Fatal, "not even a debug enclave launches"),
        ],
    }.HiddenIf(AnyLoader == Mark.Fatal, "there is nothing to launch with").HiddenIf(AnyTokenProvider == Mark.Fatal, "nothing would allow a launch");
}
