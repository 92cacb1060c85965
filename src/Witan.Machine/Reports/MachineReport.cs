namespace Witan.Machine;

/// <summary>One part of the report: a category of checks, and why it does not apply here if it does not.</summary>
/// <param name="Root">The category.</param>
/// <param name="NotHere">Why it cannot apply to this machine; null where it does.</param>
public sealed record ReportPart(Check Root, string? NotHere)
{
    /// <summary>Whether nobody looked whether it applies: the recording does not hold it.</summary>
    public bool IsUnseen { get; init; }
}

/// <summary>A check of a report, and what a reader has to know before its mark means anything.</summary>
/// <param name="Check">The check.</param>
/// <param name="Path">The labels from the category down to it.</param>
public sealed record FoundCheck(Check Check, string Path)
{
    /// <summary>Why the whole part does not apply to this machine; null where it does, or where nobody looked.</summary>
    public string? NotHere { get; init; }

    /// <summary>Why it, or a check above it, is not shown; null where it is.</summary>
    public string? HiddenBecause { get; init; }
}

/// <summary>What a snapshot comes to: the tree, each TEE's mark, and the verdict. A pure function of the snapshot.</summary>
public sealed class MachineReport
{
    private readonly List<Tee> _tees = [];

    private MachineReport(MachineSnapshot snapshot, IReadOnlyList<ReportPart> parts, AttestationPathKind path, bool isReady) =>
        (Snapshot, Parts, AttestationPath, IsSgxReady) = (snapshot, parts, path, isReady);

    /// <summary>What was judged.</summary>
    public MachineSnapshot Snapshot { get; }

    /// <summary>The categories in the order of the report.</summary>
    public IReadOnlyList<ReportPart> Parts { get; }

    /// <summary>How an SGX enclave of this machine could prove itself.</summary>
    public AttestationPathKind AttestationPath { get; }

    /// <summary>Whether SGX programs start here.</summary>
    public bool IsSgxReady { get; }

    /// <summary>Every TEE by its name for <c>--require</c>.</summary>
    public IReadOnlyList<string> TeeNames => [.. _tees.Select(tee => tee.Name)];

    internal IReadOnlyList<Tee> Tees => _tees;

    /// <summary>Judges a snapshot.</summary>
    public static MachineReport Judge(MachineSnapshot snapshot) => Judge(snapshot, snapshot.Printable());

    // The report keeps what was recorded, with its hash, and shows what can be shown.
    private static MachineReport Judge(MachineSnapshot recorded, MachineSnapshot snapshot)
    {
        var cpu = new CpuFacts(snapshot);
        var launch = new LaunchOutcomes(snapshot);
        var instructions = new SgxInstructionSet(snapshot, cpu);
        var flc = new FlexibleLaunchControl(snapshot, cpu, launch);
        var software = new SgxSoftware(snapshot, instructions, flc, launch);
        var advice = new LaunchAdvice(cpu, launch, () => software.Devices, () => flc.Configuration);
        string? noSgx = cpu.IsForeign ? CpuFacts.Foreign : cpu.Vendor is not null && !cpu.IsIntel ? "the processor is not Intel's" : null;
        Mark sgx = instructions.Mark.And(software.Mark);
        Check attestation = Machine.AttestationPath.Build(snapshot, cpu, instructions, flc);
        TeeCategory tdxGuest = TdxGuest.Build(snapshot, cpu), snpGuest = SevGuest.Build(snapshot, cpu);
        TeeCategory dstack = Dstack.Build(snapshot, tdxGuest.IsInside || snpGuest.IsInside);
        TeeCategory[] others = [tdxGuest, new TdxHost(snapshot, cpu).Build(), snpGuest, new SevHost(snapshot, cpu).Build(), Gpu.Build(snapshot), dstack];
        var parts = new List<ReportPart>
        {
            new(instructions.Build(), noSgx),
            new(flc.Build(instructions.CpuSupport, advice), noSgx),
            new(software.Build(cpu, advice), noSgx),
            new(attestation, noSgx),
        };
        var report = new MachineReport(recorded, parts, Machine.AttestationPath.Predict(cpu, instructions, flc), noSgx is null && sgx == Mark.Supported);
        Check[] sgxRoots = [parts[0].Root, parts[2].Root, attestation];
        Mark production = instructions.Mark.And(launch.ProductionMark), quotes = Machine.AttestationPath.ForWorkers(attestation, out bool isPredicted);
        report.Add(new Tee("sgx", noSgx is null ? sgx : Mark.Fatal, "SGX", noSgx is null, sgxRoots)
        {
            // A worker runs in production mode, signed by its own author, and others must be able to verify it.
            Workers = sgx.And(production).And(quotes),
            Caveat = isPredicted ? "that quotes can be made is predicted, not tried: --attest" : null,
        });
        report.Add(new Tee("sgx-production", noSgx is null ? production : Mark.Fatal, "SGX in production mode", false, sgxRoots));
        foreach (TeeCategory other in others)
        {
            parts.Add(new ReportPart(other.Root, other.NotHere) { IsUnseen = other.IsUnseen });
            bool hosts = other.Name is "tdx-guest" or "tdx-host" or "snp-guest" or "snp-host";
            Mark mark = other.NotHere is null ? other.Root.Mark : other.IsUnseen ? Mark.Unknown : Mark.Fatal;
            // Its guests' quotes come from this platform: not registered, it has none that others accept.
            bool unregistered = other.Name == "tdx-host" && attestation is { Mark: Mark.Fatal, HiddenBecause: null } && Registration.IsRegistered(snapshot) == false;
            Mark workers = !hosts || unregistered ? Mark.Fatal : other.Name == "tdx-host" ? mark.And(TdxHost.ForWorkers(other.Root)) : mark;
            // What keeps a trust domain undecided may be its guest agent.
            bool asksAgent = other == tdxGuest && mark == Mark.Unknown && dstack.NotHere is null;
            Check[] roots = unregistered ? [other.Root, attestation] : asksAgent ? [other.Root, dstack.Root] : [other.Root];
            report.Add(new Tee(other.Name, mark, other.Root.Label, other.NotHere is null, roots) { Workers = workers, Caveat = other.Caveat });
        }

        parts.Add(new ReportPart(MachineFacts.Build(cpu, snapshot), null));
        return report;
    }

    /// <summary>The mark of a TEE by its name for <c>--require</c>; null where there is none of that name.</summary>
    public Mark? MarkOf(string name) => _tees.Find(tee => tee.Name == name)?.Mark;

    /// <summary>The verdict: which TEEs confidential workers could use, or the first thing to mend, or what to grant.</summary>
    public MachineVerdict Verdict() => MachineVerdict.Of(_tees.Where(tee => tee.Applies));

    /// <summary>Finds a check by its id, by the code of its problem, or by its label.</summary>
    public IEnumerable<FoundCheck> Find(string name)
    {
        foreach (ReportPart part in Parts)
        {
            foreach ((Check check, string path) in part.Root.Walk())
            {
                if (name.Equals(check.Id, StringComparison.OrdinalIgnoreCase) || name.Equals(check.Problem?.Finding.Code, StringComparison.OrdinalIgnoreCase)
                    || name.Equals(check.Label, StringComparison.OrdinalIgnoreCase))
                {
                    yield return new FoundCheck(check, path) { NotHere = part.IsUnseen ? null : part.NotHere, HiddenBecause = part.Root.WhyHidden(check) };
                }
            }
        }
    }

    private void Add(Tee tee) => _tees.Add(tee);

    internal sealed record Tee(string Name, Mark Mark, string Label, bool Applies, Check[] Roots)
    {
        /// <summary>Whether confidential workers can run in it; fatal for what only helps them (a GPU, the guest agent).</summary>
        public Mark Workers { get; init; } = Mark.Fatal;

        /// <summary>What the verdict has to add where it is usable; null for nothing.</summary>
        public string? Caveat { get; init; }
    }
}
