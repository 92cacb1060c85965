namespace Witan.Attestation;

/// <summary>What a TDX module of one version must be.</summary>
/// <param name="Version">Module version; the id is <c>TDX_</c> and two hexadecimal digits.</param>
/// <param name="MrSigner">48 bytes.</param>
/// <param name="Attributes">8 bytes.</param>
/// <param name="AttributesMask">8 bytes; stated by Intel, applied by nobody: the attributes must be equal, and zero.</param>
/// <param name="Levels">Levels by ISV SVN, highest first.</param>
public sealed record TdxModuleIdentity(
    int Version, ReadOnlyMemory<byte> MrSigner, ReadOnlyMemory<byte> Attributes, ReadOnlyMemory<byte> AttributesMask, IReadOnlyList<IsvLevel> Levels);

/// <summary>Intel's statement on one platform family (version 2 or 3), parsed. Levels are sorted, highest first.</summary>
public sealed record TcbInfo
{
    /// <summary>Which technology it is about.</summary>
    public required TeeType Tee { get; init; }

    /// <summary>2 or 3.</summary>
    public required int Version { get; init; }

    /// <summary>First moment of validity, inclusive.</summary>
    public required DateTimeOffset IssueDate { get; init; }

    /// <summary>Last moment of validity, inclusive.</summary>
    public required DateTimeOffset NextUpdate { get; init; }

    /// <summary>6 bytes.</summary>
    public required ReadOnlyMemory<byte> Fmspc { get; init; }

    /// <summary>2 bytes.</summary>
    public required ReadOnlyMemory<byte> PceId { get; init; }

    /// <summary>Rises with each TCB recovery.</summary>
    public required long EvaluationDataNumber { get; init; }

    /// <summary>Levels, highest first.</summary>
    public required IReadOnlyList<TcbLevel> Levels { get; init; }

    /// <summary>Base module identity (module version 0); null for SGX.</summary>
    public TdxModuleIdentity? Module { get; init; }

    /// <summary>Identities by module version; empty where there are none.</summary>
    public IReadOnlyList<TdxModuleIdentity> Modules { get; init; } = [];

    /// <summary>What a TDX module of a version must be; null where nothing is said of it.</summary>
    public TdxModuleIdentity? FindModule(int version)
    {
        if (version == 0)
            return Module;
        foreach (TdxModuleIdentity module in Modules)
        {
            if (module.Version == version)
                return module;
        }

        return null;
    }
}

/// <summary>Intel's statement on a quoting enclave, parsed.</summary>
public sealed record QeIdentity
{
    /// <summary><c>QE</c> or <c>TD_QE</c>; others never match a quote.</summary>
    public required string Id { get; init; }

    /// <summary>2.</summary>
    public required int Version { get; init; }

    /// <summary>First moment of validity, inclusive.</summary>
    public required DateTimeOffset IssueDate { get; init; }

    /// <summary>Last moment of validity, inclusive.</summary>
    public required DateTimeOffset NextUpdate { get; init; }

    /// <summary>Rises with each TCB recovery.</summary>
    public required long EvaluationDataNumber { get; init; }

    /// <summary>MISCSELECT to match under the mask.</summary>
    public required uint MiscSelect { get; init; }

    /// <summary>Mask for MISCSELECT.</summary>
    public required uint MiscSelectMask { get; init; }

    /// <summary>ATTRIBUTES to match under the mask, 16 bytes.</summary>
    public required ReadOnlyMemory<byte> Attributes { get; init; }

    /// <summary>Mask for ATTRIBUTES, 16 bytes.</summary>
    public required ReadOnlyMemory<byte> AttributesMask { get; init; }

    /// <summary>MRSIGNER, 32 bytes.</summary>
    public required ReadOnlyMemory<byte> MrSigner { get; init; }

    /// <summary>ISVPRODID.</summary>
    public required int IsvProdId { get; init; }

    /// <summary>Levels by ISV SVN, highest first.</summary>
    public required IReadOnlyList<IsvLevel> Levels { get; init; }
}
