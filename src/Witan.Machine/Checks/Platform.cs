namespace Witan.Machine;

/// <summary>Which generation of processor this is, as far as attestation and TDX care.</summary>
internal enum Generation
{
    /// <summary>Not recorded, or not Intel.</summary>
    Unknown,

    /// <summary>A client, a Xeon E, or a Xeon before Ice Lake-SP: EPID in its day.</summary>
    BeforeIceLakeServer,

    /// <summary>Ice Lake-SP or Ice Lake-D: DCAP only.</summary>
    IceLakeServer,

    /// <summary>Sapphire Rapids and later server processors: DCAP only, TDX possible.</summary>
    SapphireRapidsOrLater,
}

/// <summary>Reads the generation out of family, model and stepping.</summary>
internal static class Platform
{
    // Family 19 is Diamond Rapids. Family 18 is Nova Lake, a client; 15 is the Pentium 4.
    private const int FirstServerFamily = 19;

    public static Generation Of(CpuFacts cpu)
    {
        if (!cpu.IsIntel || cpu.Signature is null)
            return Generation.Unknown;
        if (cpu.Family != 6)
            return cpu.Family >= FirstServerFamily ? Generation.SapphireRapidsOrLater : Generation.BeforeIceLakeServer;
        return cpu.Model switch
        {
            0x6A or 0x6C => Generation.IceLakeServer,
            0x8F or 0xCF or 0xAD or 0xAE or 0xAF or 0xDD => Generation.SapphireRapidsOrLater,
            _ => Generation.BeforeIceLakeServer,
        };
    }

    public static string Name(CpuFacts cpu) => Of(cpu) switch
    {
        Generation.IceLakeServer => "Ice Lake-SP",
        Generation.SapphireRapidsOrLater => cpu.Model switch
        {
            0x8F => "Sapphire Rapids",
            0xCF => "Emerald Rapids",
            0xAD or 0xAE => "Granite Rapids",
            0xAF => "Sierra Forest",
            _ => "later than Sapphire Rapids",
        },
        _ => "",
    };
}
