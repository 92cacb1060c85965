namespace Witan.Machine;

/// <summary>The category "SGX instruction set": what the processor can, what the BIOS left of it, and the enclave memory.</summary>
internal sealed class SgxInstructionSet
{
    /// <summary>Two regular pages and one thread control structure.</summary>
    private const ulong LeastEnclave = 0x3000;

    /// <summary>SGX1, SGX2, ENCLV, OVERSUB, EVERIFYREPORT2, EUPDATESVN, EDECCSSA.</summary>
    private const uint KnownCapabilities = 0x0C63 | 1u << 7;

    /// <summary>EXINFO, CPINFO.</summary>
    private const uint KnownMiscSelect = 3;

    /// <summary>INIT, DEBUG, MODE64, PROVISIONKEY, EINITTOKENKEY, CET, KSS, AEX-Notify.</summary>
    private const uint KnownAttributes = 0x04F7;

    private readonly MachineSnapshot _snapshot;
    private readonly CpuFacts _cpu;
    private readonly CpuidLeaf? _capabilities;
    private readonly CpuidLeaf? _attributes;

    public SgxInstructionSet(MachineSnapshot snapshot, CpuFacts cpu)
    {
        (_snapshot, _cpu) = (snapshot, cpu);
        _capabilities = cpu.Leaf(0x12);
        _attributes = cpu.Leaf(0x12, 1);
        Epc = EpcSections.Of(cpu);
        CpuSupport = Marks.Required(cpu.Bit(7, 0, leaf => leaf.Ebx, 2));
        HasSgx1 = cpu.Bit(0x12, 0, leaf => leaf.Eax, 0);
        CpuConfiguration = Marks.Required(HasSgx1 is null ? null : HasSgx1.Value && HasSizes);
        Attributes = cpu.IsOutOfRange(0x12) ? Mark.Fatal : _attributes is null ? Mark.Unknown : Marks.Required(MissingAttributes().Count == 0);
        PageCache = Epc.Protected >= EpcSections.Least || Epc.ConfidentialOnly >= EpcSections.Least ? Mark.Supported
            : Epc.HasUnknown || !Epc.IsRecorded ? Mark.Unknown
            : Mark.Fatal;
    }

    public EpcSections Epc { get; }

    public Mark CpuSupport { get; }

    public Mark CpuConfiguration { get; }

    public Mark Attributes { get; }

    public Mark PageCache { get; }

    public bool? HasSgx1 { get; }

    public Mark Mark => CpuSupport.And(CpuConfiguration).And(Attributes).And(PageCache);

    private bool HasSizes => _capabilities is { } leaf && Largest(leaf.Edx) >= LeastEnclave && Largest(leaf.Edx >> 8) >= LeastEnclave;

    /// <summary>The category with its lines.</summary>
    public Check Build()
    {
        bool noCpu = CpuSupport == Mark.Fatal, noConfiguration = CpuConfiguration == Mark.Fatal;
        const string Cpu = "SGX is not in this processor", Configuration = "SGX is not switched on";
        Check Below(Check check) => check.HiddenIf(noCpu, Cpu).HiddenIf(noConfiguration, Configuration);
        return new Check("sgx.instruction-set", "SGX instruction set", Mark)
        {
            Rule = "CPU support AND CPU configuration AND Enclave attributes AND Enclave Page Cache",
            Children =
            [
                BuildCpuSupport(),
                BuildCpuConfiguration().HiddenIf(noCpu, Cpu),
                Below(BuildAttributes()),
                Below(BuildPageCache()),
                new Check("sgx.features", "SGX features", Mark.Supported)
                {
                    Form = CheckForm.Caption,
                    Children =
                    [
                        Below(BuildFeatures()),
                        new Check("sgx.epc-size", Epc.Line(), Mark.Supported)
                        {
                            Form = CheckForm.Text,
                            Rule = "the sum of the sections of CPUID 12.2 and on; the kernel's share is the sum of sgx_total_bytes over all nodes",
                            Evidence = [.. Epc.Evidence, .. KernelShare.Evidence(_snapshot)],
                            Problem = KernelShare.Problem(_snapshot, _cpu, Epc),
                        }.HiddenIf(PageCache == Mark.Fatal, "there is no enclave page cache"),
                    ],
                }.HiddenIf(noCpu, Cpu).HiddenIf(HasSgx1 == false, Configuration),
            ],
        };
    }

    private Check BuildCpuSupport() => new("sgx.cpu-support", "CPU support", CpuSupport)
    {
        Rule = "CPUID 7.0 EBX[2] = 1; absent where leaf 7 does not exist",
        Evidence = [_cpu.Evidence(7)],
        Problem = SgxAdvice.CpuSupport(_cpu, CpuSupport),
    };

    private Check BuildCpuConfiguration() => new("sgx.cpu-configuration", "CPU configuration", CpuConfiguration)
    {
        Rule = "CPUID 12.0 EAX[0] = 1, and the largest enclaves of EDX[7:0] and EDX[15:8] hold 0x3000 bytes",
        Evidence = [_cpu.Evidence(0x12), FeatureControl.Describe(_snapshot), .. EfiVariables.Describe(_snapshot)],
        Problem = CpuConfiguration switch
        {
            Mark.Supported => null,
            Mark.Unknown => SgxAdvice.NotRecorded("SGX_CONFIGURATION_UNREADABLE", "Whether SGX is switched on", _cpu.Evidence(0x12)),
            _ when HasSgx1 == true => SgxAdvice.InvalidSizes(_cpu),
            _ => SgxAdvice.SwitchedOff(_snapshot, _cpu),
        },
    };

    private Check BuildAttributes() => new("sgx.attributes", "Enclave attributes", Attributes)
    {
        Rule = "CPUID 12.1 allows DEBUG, MODE64, PROVISIONKEY, EINITTOKENKEY, and x87 and SSE state (XFRM & 3 = 3)",
        Evidence = [_cpu.Evidence(0x12, 1), .. MoreAttributes()],
        Problem = Attributes switch
        {
            Mark.Supported => null,
            Mark.Unknown => SgxAdvice.NotRecorded("SGX_ATTRIBUTES_UNREADABLE", "Which attributes enclaves may have", _cpu.Evidence(0x12, 1)),
            _ => SgxAdvice.MissingAttributes(_cpu, MissingAttributes()),
        },
    };

    private Check BuildPageCache() => new("sgx.epc", "Enclave Page Cache", PageCache)
    {
        Rule = "the sections of type 1, or those of type 2, of CPUID 12.2 and on hold 0x5000 bytes",
        Evidence = [.. Epc.Evidence],
        Problem = PageCache switch
        {
            Mark.Supported => null,
            Mark.Unknown when Epc.IsRecorded => SgxAdvice.OddPageCache(Epc),
            Mark.Unknown => SgxAdvice.NotRecorded("SGX_EPC_UNREADABLE", "Whether there is memory for enclaves", _cpu.Evidence(0x12, 2)),
            _ => SgxAdvice.NoPageCache(_cpu, Epc),
        },
    };

    private Check BuildFeatures() => new("sgx.feature-row", "SGX features", Mark.Supported)
    {
        Form = CheckForm.Row,
        Children =
        [
            Feature("SGX2", 0, leaf => leaf.Eax, 1, "12.0 EAX[1]"),
            Feature("EXINFO", 0, leaf => leaf.Ebx, 0, "12.0 EBX[0]"),
            Feature("ENCLV", 0, leaf => leaf.Eax, 5, "12.0 EAX[5]"),
            Feature("OVERSUB", 0, leaf => leaf.Eax, 6, "12.0 EAX[6]"),
            Feature("KSS", 1, leaf => leaf.Eax, 7, "12.1 EAX[7]"),
        ],
    };

    private Check Feature(string name, uint subleaf, Func<CpuidLeaf, uint> register, int bit, string rule)
    {
        Mark mark = Marks.Optional(_cpu.Bit(0x12, subleaf, register, bit));
        string evidence = _cpu.Evidence(0x12, subleaf);
        return new Check($"sgx.feature.{name.ToLowerInvariant()}", name, mark)
        {
            Rule = $"CPUID {rule} = 1",
            Evidence = [evidence],
            Problem = mark switch
            {
                Mark.Supported => null,
                Mark.Unknown => SgxAdvice.NotRecorded($"SGX_{name}_UNREADABLE", $"Whether {name} is offered", evidence, harmless: true),
                _ => SgxAdvice.NoFeature(name, evidence),
            },
        };
    }

    private List<string> MissingAttributes()
    {
        var missing = new List<string>();
        if (_attributes is not { } leaf)
            return missing;
        (int, string)[] needed = [(1, "DEBUG"), (2, "MODE64"), (4, "PROVISIONKEY"), (5, "EINITTOKENKEY")];
        foreach ((int bit, string name) in needed)
        {
            if ((leaf.Eax >> bit & 1) == 0)
                missing.Add(name);
        }

        if ((leaf.Ecx & 3) != 3)
            missing.Add("x87 and SSE state in XFRM");
        return missing;
    }

    // Bits that the documents' feature row does not have, for the verbose report.
    private List<string> MoreAttributes()
    {
        var more = new List<string>();
        void Add(bool? present, string name)
        {
            if (present == true)
                more.Add($"also: {name}");
        }

        Add(_cpu.Bit(0x12, 1, leaf => leaf.Eax, 6), "CET (12.1 EAX[6])");
        Add(_cpu.Bit(0x12, 1, leaf => leaf.Eax, 10), "AEX-Notify (12.1 EAX[10])");
        Add(_cpu.Bit(0x12, 0, leaf => leaf.Eax, 7), "EVERIFYREPORT2 (12.0 EAX[7])");
        Add(_cpu.Bit(0x12, 0, leaf => leaf.Eax, 10), "EUPDATESVN (12.0 EAX[10])");
        Add(_cpu.Bit(0x12, 0, leaf => leaf.Eax, 11), "EDECCSSA (12.0 EAX[11])");
        Add(_cpu.Bit(0x12, 0, leaf => leaf.Ebx, 1), "CPINFO (12.0 EBX[1])");
        Add(_cpu.Bit(7, 0, leaf => leaf.Edx, 1), "SGX_KEYS (7.0 EDX[1])");
        AddUnknown(_capabilities?.Eax & ~KnownCapabilities, "12.0 EAX");
        AddUnknown(_capabilities?.Ebx & ~KnownMiscSelect, "12.0 EBX");
        AddUnknown(_attributes?.Eax & ~KnownAttributes, "12.1 EAX");
        return more;

        // A processor newer than this program: worth a note, and no fault.
        void AddUnknown(uint? bits, string register)
        {
            if (bits is > 0)
                more.Add($"bits that this program does not know: {register} 0x{bits:x}");
        }
    }

    private static ulong Largest(uint exponent) => (exponent & 0xFF) >= 64 ? ulong.MaxValue : 1UL << (int)(exponent & 0xFF);
}
