namespace Witan.Attestation;

/// <summary>One SVN that a level asks for, with Intel's own words for it.</summary>
/// <param name="Svn">0 to 255.</param>
/// <param name="Category">For example <c>BIOS</c>; null where not said.</param>
/// <param name="Type">For example <c>Early Microcode Update</c>; null where not said.</param>
public sealed record TcbComponent(byte Svn, string? Category, string? Type);

/// <summary>One TCB level of a platform.</summary>
/// <param name="Sgx">16 SGX components.</param>
/// <param name="PceSvn">PCESVN.</param>
/// <param name="Tdx">16 TDX components; empty for SGX.</param>
/// <param name="Status">Its status.</param>
/// <param name="Date">When the level's newest advisory became public.</param>
/// <param name="AdvisoryIds">What is known against it.</param>
public sealed record TcbLevel(
    IReadOnlyList<TcbComponent> Sgx,
    int PceSvn,
    IReadOnlyList<TcbComponent> Tdx,
    TcbStatus Status,
    DateTimeOffset Date,
    IReadOnlyList<string> AdvisoryIds)
{
    internal byte[] SgxSvns { get; } = [.. Sgx.Select(component => component.Svn)];

    internal byte[] TdxSvns { get; } = [.. Tdx.Select(component => component.Svn)];

    internal static int Compare(TcbLevel a, TcbLevel b)
    {
        int order = b.SgxSvns.AsSpan().SequenceCompareTo(a.SgxSvns);
        if (order == 0)
            order = b.PceSvn.CompareTo(a.PceSvn);
        return order != 0 ? order : b.TdxSvns.AsSpan().SequenceCompareTo(a.TdxSvns);
    }
}

/// <summary>One level of a quoting enclave or a TDX module.</summary>
/// <param name="IsvSvn">The least ISV SVN.</param>
/// <param name="Status">Its status.</param>
/// <param name="Date">When the level's newest advisory became public.</param>
/// <param name="AdvisoryIds">What is known against it.</param>
public sealed record IsvLevel(int IsvSvn, TcbStatus Status, DateTimeOffset Date, IReadOnlyList<string> AdvisoryIds);
