namespace Witan.Machine;

/// <summary>One entry of the kernel's report interface: a folder that the kernel fills with attributes when it is made.</summary>
internal interface IReportEntry
{
    /// <summary>Makes it; the reading says why not where it cannot.</summary>
    Reading Make();

    /// <summary>Writes an attribute.</summary>
    Reading Write(string attribute, ReadOnlySpan<byte> bytes);

    /// <summary>Reads an attribute; a failure where it cannot be read.</summary>
    Reading Read(string attribute, out byte[] bytes);

    /// <summary>Removes it. The kernel keeps nothing of it.</summary>
    void Remove();
}
