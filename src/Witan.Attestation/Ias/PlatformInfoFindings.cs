namespace Witan.Attestation;

/// <summary>Turns a platform info blob into advice, flag by flag, and into what falls short of the TCB to reach.</summary>
internal static class PlatformInfoFindings
{
    public static void Add(PlatformInfoBlob blob, IasQuoteBody body, IReadOnlyList<TcbShortfall> shortfall, FindingList findings)
    {
        if (blob.EpidGroup != body.EpidGroup)
        {
            findings.Fail(
                "IAS_PLATFORM_INFO_GROUP_MISMATCH", "platformInfoBlob", "the platform info blob is about another EPID group than the quote", FindingActor.Sender, null,
                $"gid 0x{blob.EpidGroup:x8} instead of 0x{body.EpidGroup:x8}");
        }

        if (blob.GroupFlags.HasFlag(EpidGroupConditions.Revoked))
            Warn("IAS_GROUP_REVOKED_FLAG", "the EPID group is revoked", "Move the workload to another platform.", blob, null, findings);
        if (blob.GroupFlags.HasFlag(EpidGroupConditions.RekeyAvailable))
            findings.Note("IAS_REKEY_AVAILABLE", "platformInfoBlob", "new EPID keys can be had, which make attestation faster");
        foreach ((TcbConditions flag, string words, string code, string remedy) in PlatformInfoText.Tcb)
        {
            if (blob.TcbFlags.HasFlag(flag))
                Warn(code, words, remedy, blob, flag == TcbConditions.CpuSvnOutOfDate ? Evidence(shortfall) : null, findings);
        }

        if (blob.PseFlags != PseConditions.None)
            Warn("IAS_PLATFORM_SERVICES_OUT_OF_DATE", $"platform services: {PlatformInfoText.Words(blob.PseFlags)}", "Update the management engine's firmware and the SGX platform software.", blob, null, findings);
        if (((byte)blob.GroupFlags & ~0x07) != 0 || ((ushort)blob.TcbFlags & ~0x0F) != 0)
            findings.Note("IAS_PLATFORM_INFO_UNKNOWN_FLAG", "platformInfoBlob", $"flags without a known meaning: {PlatformInfoText.Words(blob.GroupFlags)}; {PlatformInfoText.Words(blob.TcbFlags)}");
    }

    /// <summary>
    /// What is lower than the TCB to reach, where the blob says that something is. CPUSVN is formally opaque, so its bytes are a
    /// hint: only a byte that is lower counts.
    /// </summary>
    public static IReadOnlyList<TcbShortfall> Shortfall(PlatformInfoBlob blob, IasQuoteBody body)
    {
        var result = new List<TcbShortfall>();
        ReadOnlySpan<byte> have = body.Report.CpuSvn;
        if (blob.TcbFlags.HasFlag(TcbConditions.CpuSvnOutOfDate))
        {
            for (int i = 0; i < 16; i++)
            {
                if (have[i] < blob.TargetCpuSvn[i])
                    result.Add(new TcbShortfall($"CPUSVN byte {i}", have[i], blob.TargetCpuSvn[i], null, null, "BIOS update with microcode"));
            }
        }

        if (blob.TcbFlags.HasFlag(TcbConditions.PceOutOfDate) && body.PceSvn < blob.TargetPceSvn)
            result.Add(new TcbShortfall("PCE SVN", body.PceSvn, blob.TargetPceSvn, null, null, "SGX platform software"));
        return result;
    }

    private static string? Evidence(IReadOnlyList<TcbShortfall> shortfall) => shortfall.Count == 0
        ? null
        : string.Join("; ", shortfall.Select(item => $"{item.Component}: has {item.Have}, needs {item.Need}"));

    private static void Warn(string code, string message, string remedy, PlatformInfoBlob blob, string? evidence, FindingList findings) =>
        findings.Add(new Finding(code, FindingSeverity.Warning, message)
        {
            Subject = "platformInfoBlob",
            Actor = FindingActor.PlatformOperator,
            Remedy = remedy,
            Evidence = evidence ?? $"flags 0x{(byte)blob.GroupFlags:x2} / 0x{(ushort)blob.TcbFlags:x4} / 0x{(ushort)blob.PseFlags:x4}",
        });
}
